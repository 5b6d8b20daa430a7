#include "graph/constants.hpp"

#include "support.hpp"

#include <cmath>

#include <catch2/catch.hpp>

using namespace infsim;
using namespace infsim::graph;

namespace {

TensorId find(const Graph& g, const std::string& name) {
    for (std::size_t i = 0; i < g.tensors.size(); ++i)
        if (g.tensors[i].name == name) return static_cast<TensorId>(i);
    FAIL("no tensor " << name);
    return kNoTensor;
}

double deviation(const std::vector<float>& v) {
    double sum = 0, squares = 0;
    for (const double x : v) sum += x, squares += x * x;
    const auto n = static_cast<double>(v.size());
    return std::sqrt(squares / n - sum / n * (sum / n));
}

}  // namespace

TEST_CASE("values that a model does not give are an input error without a seed") {
    const auto g = load_model("three_layers", test::models_folder());
    CHECK_THROWS_WITH(evaluate_constant(g, find(g, "conv1_w")), Catch::Contains("conv1_w") && Catch::Contains("seed"));
}

TEST_CASE("random weights depend on seed and name only, and are scaled to their fan-in") {
    const auto g = load_model("three_layers", test::models_folder());
    EvaluationOptions one, two;
    one.seed = 1;
    two.seed = 2;
    const auto w = evaluate_constant(g, find(g, "conv2_w"), one);
    CHECK(w == evaluate_constant(g, find(g, "conv2_w"), one));
    CHECK(w != evaluate_constant(g, find(g, "conv2_w"), two));
    CHECK(deviation(w) == Approx(std::sqrt(2.0 / (32 * 9))).epsilon(0.05));
    for (const float b : evaluate_constant(g, find(g, "conv2_b"), one)) CHECK(std::abs(b) <= 0.1f);
}

TEST_CASE("with small integers every weight is one") {
    const auto g = load_model("three_layers", test::models_folder());
    EvaluationOptions options;
    options.seed = 3;
    options.small_integers = true;
    bool negative = false;
    for (const float w : evaluate_constant(g, find(g, "conv1_w"), options)) {
        CHECK((w == std::floor(w) && std::abs(w) <= 2));
        negative = negative || w < 0;
    }
    CHECK(negative);
}

TEST_CASE("a splat that stands for weights is replaced under a seed, through its recipes; a number stays") {
    test::OnnxModel m;
    m.input("x", {1, 4}).output("y").integers("shape", {6, 4}).floats("half", {}, {0.5});
    m.node("ConstantOfShape", {"shape"}, {"w"});
    test::set(m.node("Gemm", {"x", "w"}, {"p"}), "transB", std::int64_t{1});
    m.node("Relu", {"p"}, {"r"});
    m.node("Mul", {"r", "half"}, {"y"});
    const auto g = m.import();
    const auto columns = g.nodes[0].inputs[1];
    CHECK(evaluate_constant(g, columns) == std::vector<float>(24, 0.0f));
    EvaluationOptions options;
    options.seed = 5;
    const auto rows = evaluate_constant(g, find(g, "w"), options);
    const auto turned = evaluate_constant(g, columns, options);
    CHECK(deviation(rows) > 0.3);
    for (std::size_t n = 0; n < 6; ++n)
        for (std::size_t k = 0; k < 4; ++k) CHECK(turned[k * 6 + n] == rows[n * 4 + k]);
    CHECK(evaluate_constant(g, find(g, "half"), options) == std::vector<float>{0.5f});
}

TEST_CASE("values in files are read where they lie, halves and bfloats too") {
    const test::TempFolder folder;
    test::write_bytes(folder.file("w.bin"), std::string("??\x00\x3c\x00\xc0", 6));  // fp16 1, -2
    test::write_bytes(folder.file("m.json"), R"({"name": "m",
        "inputs": [{"name": "x", "shape": [1, 2]}],
        "constants": [{"name": "w", "shape": [2], "value": {"file": {"path": "w.bin", "offset": 2, "dtype": "fp16"}}}],
        "nodes": [{"name": "n", "op": "mul", "inputs": ["x", "w"], "outputs": ["y"]}],
        "outputs": [{"name": "y"}]})");
    const auto g = read_graph(folder.file("m.json"));
    CHECK(evaluate_constant(g, find(g, "w")) == std::vector<float>{1, -2});
    std::filesystem::remove(folder.file("w.bin"));
    CHECK_THROWS_AS(evaluate_constant(g, find(g, "w")), InputError);
}

TEST_CASE("activations of a random ResNet-50 keep their order of magnitude") {
    // The variance that each convolution multiplies its input's by: 1 behind a ReLU, half of it before a sum.
    const auto g = load_model("resnet50", test::models_folder());
    EvaluationOptions options;
    options.seed = 1;
    for (const auto& [name, gain] :
         {std::pair{"res3_0_b_w", 1.0}, std::pair{"res3_0_c_w", 0.5}, std::pair{"fc_w", 1.0}}) {
        const auto id = find(g, name);
        const auto& shape = g.tensor(id).shape;
        const double terms =
            shape.size() == 4 ? static_cast<double>(shape[1] * shape[2] * shape[3]) : static_cast<double>(shape[0]);
        const double d = deviation(evaluate_constant(g, id, options));
        CHECK(d * d * terms / 2 == Approx(gain).epsilon(0.03));
    }
}
