// Any bytes as an ONNX file: a graph that the verifier takes, or one InputError.
#include "base/check.hpp"
#include "base/problems.hpp"
#include "fuzz/input_file.hpp"
#include "graph/check.hpp"
#include "graph/onnx_import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const infsim::test::InputFile file(".onnx");
    try {
        const auto problems = infsim::graph::check(infsim::graph::import_onnx(file.with(data, size)));
        INFSIM_CHECK(problems.empty(), "the verifier refuses an imported graph: " + to_text(problems.list().front()));
    } catch (const infsim::InputError&) {}
    return 0;
}
