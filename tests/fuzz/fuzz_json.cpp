// Any bytes as a network in JSON.
#include "fuzz/importer.hpp"
#include "graph/json_form.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return infsim::test::import_any("model.json", data, size,
                                    [](const std::string& path) { return infsim::graph::read_graph(path); });
}
