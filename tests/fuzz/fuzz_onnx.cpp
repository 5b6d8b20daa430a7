// Any bytes as a network in ONNX, of which the host may run what it can.
#include "fuzz/importer.hpp"
#include "graph/host_tail.hpp"
#include "graph/onnx_import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    infsim::graph::ImportOptions options;
    options.host_operators = {infsim::graph::host_operators().begin(), infsim::graph::host_operators().end()};
    return infsim::test::import_any("model.onnx", data, size,
                                    [&](const std::string& path) { return infsim::graph::import_onnx(path, options); });
}
