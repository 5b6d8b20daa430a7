// Any bytes as a network in ONNX.
#include "fuzz/importer.hpp"
#include "graph/onnx_import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return infsim::test::import_any("model.onnx", data, size,
                                    [](const std::string& path) { return infsim::graph::import_onnx(path); });
}
