#include "support.hpp"

#include <cmath>

#include <catch2/catch.hpp>

#include "graph/constants.hpp"

using namespace infsim;
using namespace infsim::graph;
using test::OnnxModel;
using test::set;

namespace {

/// Model with a 1x1 convolution 2 -> 2, the pieces of a test put behind it.
OnnxModel with_conv() {
    OnnxModel m;
    m.input("x", {1, 2, 3, 3}).output("y");
    m.floats("w", {2, 2, 1, 1}, {1, 2, 3, 4}).floats("b", {2}, {5, 6});
    m.node("Conv", {"x", "w", "b"}, {"c"});
    return m;
}

std::vector<float> operand(const Graph& g, std::size_t node, std::size_t i) {
    return evaluate_constant(g, g.nodes.at(node).inputs.at(i));
}

void check_close(const std::vector<float>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-6));
}

void add_batch_norm(OnnxModel& m, const std::string& from) {
    m.floats("g", {2}, {2, 3}).floats("be", {2}, {0.5, -1}).floats("mu", {2}, {1, 2}).floats("v", {2}, {4, 9});
    set(m.node("BatchNormalization", {from, "g", "be", "mu", "v"}, {"y"}), "epsilon", 0.25f);
}

}  // namespace

TEST_CASE("batch normalisation goes into the convolution in front, as a recipe") {
    auto m = with_conv();
    add_batch_norm(m, "c");
    const auto g = m.import();
    REQUIRE(test::ops(g) == "conv");
    CHECK(std::holds_alternative<Recipe>(*g.tensor(g.nodes[0].inputs[1]).constant));
    const double f0 = 2 / std::sqrt(4.25), f1 = 3 / std::sqrt(9.25);
    check_close(operand(g, 0, 1), {1 * f0, 2 * f0, 3 * f1, 4 * f1});
    check_close(operand(g, 0, 2), {(5 - 1) * f0 + 0.5, (6 - 2) * f1 - 1});
    CHECK(g.tensor(g.outputs[0]).name == "y");
}

TEST_CASE("batch normalisation goes into a gemm, column by column") {
    OnnxModel m;
    m.input("x", {1, 2}).output("y").floats("w", {2, 2}, {1, 2, 3, 4});
    set(m.node("Gemm", {"x", "w"}, {"c"}), "transB", std::int64_t{1});
    add_batch_norm(m, "c");
    const auto g = m.import();
    REQUIRE(test::ops(g) == "gemm");
    const double f0 = 2 / std::sqrt(4.25), f1 = 3 / std::sqrt(9.25);
    check_close(operand(g, 0, 1), {1 * f0, 3 * f1, 2 * f0, 4 * f1});
    check_close(operand(g, 0, 2), {-1 * f0 + 0.5, -2 * f1 - 1});
}

TEST_CASE("batch normalisation stays where nothing can take it") {
    OnnxModel alone;
    alone.input("x", {1, 2, 3, 3}).output("y");
    add_batch_norm(alone, "x");
    CHECK(test::ops(alone.import()) == "batch_norm");
    auto shared = with_conv();  // the convolution's result is read by another node too
    add_batch_norm(shared, "c");
    shared.output("z").node("Relu", {"c"}, {"z"});
    CHECK(test::ops(shared.import()) == "conv batch_norm relu");
}

TEST_CASE("a scale layer of unsqueeze, mul and add goes into the convolution") {
    auto m = with_conv();
    m.floats("s", {2}, {10, 100}).floats("t", {2}, {1, 2}).integers("axes", {1, 2});
    m.node("Unsqueeze", {"s", "axes"}, {"s3"});
    m.node("Unsqueeze", {"t", "axes"}, {"t3"});
    m.node("Mul", {"c", "s3"}, {"d"});
    m.node("Add", {"t3", "d"}, {"y"});
    const auto g = m.import();
    REQUIRE(test::ops(g) == "conv");
    check_close(operand(g, 0, 1), {10, 20, 300, 400});
    check_close(operand(g, 0, 2), {5 * 10 + 1, 6 * 100 + 2});
}

TEST_CASE("single numbers behind a convolution go into it; vectors along another axis do not") {
    auto m = with_conv();
    m.floats("two", {}, {2}).floats("one", {1}, {1});
    m.node("Mul", {"c", "two"}, {"d"});
    m.node("Add", {"d", "one"}, {"y"});
    const auto g = m.import();
    REQUIRE(test::ops(g) == "conv");
    check_close(operand(g, 0, 1), {2, 4, 6, 8});
    check_close(operand(g, 0, 2), {11, 13});
    auto wide = with_conv();
    wide.floats("row", {3}, {1, 2, 3}).node("Mul", {"c", "row"}, {"y"});
    CHECK(test::ops(wide.import()) == "conv mul");
}

TEST_CASE("layer normalisation is recognised in its formula") {
    for (const bool with_pow : {true, false}) {
        OnnxModel m;
        m.input("x", {1, 5, 4}).output("y");
        m.floats("two", {}, {2})
            .floats("eps", {}, {1e-5f})
            .floats("g", {4}, {1, 2, 3, 4})
            .floats("b", {4}, {4, 3, 2, 1});
        set(m.node("ReduceMean", {"x"}, {"mean"}), "axes", test::Ints{-1});
        m.node("Sub", {"x", "mean"}, {"d"});
        if (with_pow) m.node("Pow", {"d", "two"}, {"sq"});
        else m.node("Mul", {"d", "d"}, {"sq"});
        set(m.node("ReduceMean", {"sq"}, {"var"}), "axes", test::Ints{2});
        m.node("Add", {"var", "eps"}, {"shifted"});
        m.node("Sqrt", {"shifted"}, {"dev"});
        if (with_pow) m.node("Div", {"d", "dev"}, {"n"});
        else m.node("Reciprocal", {"dev"}, {"inv"}), m.node("Mul", {"inv", "d"}, {"n"});
        m.node("Mul", {"n", "g"}, {"scaled"});
        m.node("Add", {"scaled", "b"}, {"y"});
        const auto g = m.import();
        REQUIRE(test::ops(g) == "layer_norm");
        CHECK(attribute_int(g.nodes[0], "axis") == 2);
        CHECK(attribute_float(g.nodes[0], "epsilon") == Approx(1e-5));
        CHECK(g.tensor(g.nodes[0].inputs[1]).name == "g");
        CHECK(g.tensor(g.nodes[0].inputs[2]).name == "b");
    }
}

TEST_CASE("a mean over another axis than the deviation's is no layer normalisation") {
    OnnxModel m;
    m.input("x", {1, 4, 4}).output("y").floats("two", {}, {2}).floats("eps", {}, {1e-5f});
    set(m.node("ReduceMean", {"x"}, {"mean"}), "axes", test::Ints{2});
    m.node("Sub", {"x", "mean"}, {"d"});
    m.node("Pow", {"d", "two"}, {"sq"});
    set(m.node("ReduceMean", {"sq"}, {"var"}), "axes", test::Ints{1});
    m.node("Add", {"var", "eps"}, {"shifted"});
    m.node("Sqrt", {"shifted"}, {"dev"});
    m.node("Div", {"d", "dev"}, {"y"});
    CHECK(test::ops(m.import()) == "reduce_mean sub pow reduce_mean add sqrt div");
}

TEST_CASE("gelu is recognised however its factors are grouped") {
    for (const int grouping : {0, 1, 2}) {
        OnnxModel m;
        m.input("x", {1, 8})
            .output("y")
            .floats("r", {}, {1.41421356f})
            .floats("one", {}, {1})
            .floats("half", {}, {0.5f});
        m.node("Div", {"x", "r"}, {"u"});
        m.node("Erf", {"u"}, {"e"});
        m.node("Add", {"e", "one"}, {"a"});
        if (grouping == 0) m.node("Mul", {"x", "a"}, {"p"}), m.node("Mul", {"p", "half"}, {"y"});
        if (grouping == 1) m.node("Mul", {"half", "x"}, {"p"}), m.node("Mul", {"p", "a"}, {"y"});
        if (grouping == 2) m.node("Mul", {"a", "half"}, {"p"}), m.node("Mul", {"x", "p"}, {"y"});
        CHECK(test::ops(m.import()) == "gelu");
    }
}

TEST_CASE("gelu by tanh is recognised; a wrong constant is not") {
    for (const float cubic : {0.044715f, 0.05f}) {
        OnnxModel m;
        m.input("x", {1, 8}).output("y").floats("c", {}, {cubic}).floats("one", {}, {1}).floats("half", {}, {0.5f});
        m.floats("three", {}, {3}).floats("k", {}, {0.7978845608f});
        m.node("Pow", {"x", "three"}, {"x3"});
        m.node("Mul", {"x3", "c"}, {"cx3"});
        m.node("Add", {"x", "cx3"}, {"sum"});
        m.node("Mul", {"sum", "k"}, {"v"});
        m.node("Tanh", {"v"}, {"t"});
        m.node("Add", {"t", "one"}, {"a"});
        m.node("Mul", {"x", "a"}, {"p"});
        m.node("Mul", {"p", "half"}, {"y"});
        CHECK((test::ops(m.import()) == "gelu_tanh") == (cubic == 0.044715f));
    }
}

TEST_CASE("softmax is recognised in its formula") {
    OnnxModel m;
    m.input("x", {1, 8}).output("y").integers("axes", {1});
    set(m.node("ReduceMax", {"x"}, {"max"}), "axes", test::Ints{1});
    m.node("Sub", {"x", "max"}, {"d"});
    m.node("Exp", {"d"}, {"e"});
    m.node("ReduceSum", {"e", "axes"}, {"s"});
    m.node("Div", {"e", "s"}, {"y"});
    CHECK(test::ops(m.import()) == "softmax");
}

TEST_CASE("views become one reshape, an average over the whole image the global pool") {
    OnnxModel m;
    m.input("x", {1, 3, 4, 4}).output("y").integers("axes", {2, 3}).integers("front", {0});
    set(m.node("AveragePool", {"x"}, {"p"}), "kernel_shape", test::Ints{4, 4});
    m.node("Squeeze", {"p", "axes"}, {"s"});
    m.node("Unsqueeze", {"s", "axes"}, {"u"});
    m.node("Flatten", {"u"}, {"y"});
    const auto g = m.import();
    CHECK(test::ops(g) == "global_average_pool reshape");
    CHECK(attribute_ints(g.nodes[1], "shape") == Shape{1, 3});
}

TEST_CASE("nodes and constants that no output needs are dropped") {
    auto m = with_conv();
    m.floats("unused", {5}, {1, 2, 3, 4, 5});
    m.node("Relu", {"c"}, {"y"});
    m.node("Add", {"c", "b2"}, {"dead"});
    m.floats("b2", {1}, {7});
    const auto g = m.import();
    CHECK(test::ops(g) == "conv relu");
    for (const auto& t : g.tensors) CHECK((t.name != "unused" && t.name != "b2" && t.name != "dead"));
}

TEST_CASE("without optimisation the operators stay those of the model") {
    auto m = with_conv();
    add_batch_norm(m, "c");
    ImportOptions options;
    options.optimize = false;
    CHECK(test::ops(m.import(options)) == "conv batch_norm");
}
