// Which axis counts the items of a batch, and what follows for the shapes of one.
#include "support.hpp"

#include <catch2/catch.hpp>

using namespace infsim;
using namespace infsim::graph;
using test::contains;
using test::OnnxModel;
using test::set;

namespace {

using Axes = std::vector<std::string>;

/// Adds an input whose axes are numbers, names, or "" for one that says nothing.
void add_input(OnnxModel& m, const std::string& name, const Axes& axes) {
    m.input(name, {});
    auto& dims = *m.model.mutable_graph()
                      ->mutable_input(m.model.graph().input_size() - 1)
                      ->mutable_type()
                      ->mutable_tensor_type()
                      ->mutable_shape();
    for (const auto& axis : axes) {
        auto& d = *dims.add_dim();
        if (axis.empty()) continue;
        if (std::isdigit(axis[0]) != 0 || axis[0] == '-') d.set_dim_value(std::stoll(axis));
        else d.set_dim_param(axis);
    }
}

/// "x[1, 4]@0 y[3]": the inputs of a model that uses them all, with the batch axis of batched ones.
std::string inputs_of(const std::vector<std::pair<std::string, Axes>>& inputs, const ImportOptions& options = {}) {
    OnnxModel m;
    for (const auto& [name, axes] : inputs) {
        add_input(m, name, axes);
        m.node("Relu", {name}, {"out_" + name});
        m.output("out_" + name);
    }
    Graph g;
    try {
        g = m.import(options);
    } catch (const InputError& error) {
        return error.what();
    }
    CHECK(test::first_problem(g) == "");
    std::string text;
    for (const auto id : g.inputs) {
        const auto& t = g.tensor(id);
        text += (text.empty() ? "" : " ") + t.name + "[";
        for (std::size_t a = 0; a < t.shape.size(); ++a) text += (a == 0 ? "" : ",") + std::to_string(t.shape[a]);
        text += "]" + (t.batched ? "@" + std::to_string(t.batch_axis) : "");
    }
    for (std::size_t i = 0; g.batchable && i < g.outputs.size(); ++i)
        CHECK(g.tensor(g.outputs[i]).batch_axis == g.tensor(g.inputs[i]).batch_axis);
    return g.batchable ? text : text + " whole";
}

}  // namespace

TEST_CASE("the batch is an axis that says nothing, 0, -1 or a name, wherever it stands") {
    for (const char* axis : {"", "0", "-1", "N", "batch_size", "anything"}) {
        CAPTURE(axis);
        CHECK(inputs_of({{"x", {axis, "3", "8"}}}) == "x[1,3,8]@0");
        CHECK(inputs_of({{"x", {axis, "3"}}, {"state", {"2", axis, "128"}}}) == "x[1,3]@0 state[1,2,128]@1");
    }
    CHECK(inputs_of({{"x", {"16", "N", "64"}}}) == "x[1,16,64]@1");
    CHECK(inputs_of({{"state", {"2", "batch", "128"}}, {"x", {"batch", "3"}}}) == "state[1,2,128]@1 x[1,3]@0");
    CHECK(inputs_of({{"x", {"4", "3"}}, {"z", {"4", "5"}}}) == "x[1,3]@0 z[1,5]@0");
}

TEST_CASE("inputs without a batch axis beside others that have one are the same for all items") {
    CHECK(inputs_of({{"x", {"batch", "3"}}, {"rate", {}}}) == "x[1,3]@0 rate[]");
    CHECK(inputs_of({{"x", {"batch", "3"}}, {"table", {"7", "3"}}}) == "x[1,3]@0 table[7,3]");
    CHECK(inputs_of({{"x", {"batch", "3"}}, {"z", {"1", "3"}}}) == "x[1,3]@0 z[1,3]@0");
}

TEST_CASE("extents that a model leaves open come by name or by input") {
    ImportOptions options;
    options.dims = {{"H", 32}, {"W", 48}};
    CHECK(inputs_of({{"x", {"N", "3", "H", "W"}}}, options) == "x[1,3,32,48]@0");
    options.dims["S"] = 7;
    CHECK(contains(inputs_of({{"x", {"N", "3", "H", "W"}}}, options), "dim 'S': is not an axis of an input"));
    options = {};
    CHECK(contains(inputs_of({{"x", {"N", "S"}}}), "only the name 'S'; --dim S=VALUE gives it one"));
    CHECK(contains(inputs_of({{"x", {"", "3", ""}}}), "axis 2 of 'x' has no extent and no name; --input x="));
    options.input_shapes["x"] = {1, 3, 5};
    CHECK(inputs_of({{"x", {"", "3", ""}}}, options) == "x[1,3,5]@0");
    CHECK(contains(inputs_of({{"x", {"", "4", ""}}}, options), "is given 3 for axis 1, which has 4"));
    CHECK(contains(inputs_of({{"x", {"", ""}}}, options), "is given the shape [1, 3, 5] but has 2 axes"));
    CHECK(contains(inputs_of({{"y", {"", "3", "5"}}}, options), "input 'x': is not an input of the model"));
}

TEST_CASE("a reshape by computed shapes keeps the batch where extents of 1 do not show it") {
    // Rows of (position, item), as multi-head attention of torch has them: 12 heads per item, then back to rows.
    OnnxModel m;
    m.input("x", {-1, 5, 24}).output("y").fill("w", {24, 24}, 1);
    m.integers("five", {5}).integers("heads", {12}).integers("two", {2}).integers("width", {24});
    m.integers("zero", {0});
    set(m.node("Transpose", {"x"}, {"t"}), "perm", test::Ints{1, 0, 2});
    m.node("Shape", {"x"}, {"s"});
    m.node("Gather", {"s", "zero"}, {"n"});
    m.node("Mul", {"n", "heads"}, {"nh"});
    m.node("Mul", {"n", "five"}, {"n5"});
    set(m.node("Concat", {"five", "nh", "two"}, {"split"}), "axis", std::int64_t{0});
    set(m.node("Concat", {"n5", "width"}, {"rows"}), "axis", std::int64_t{0});
    m.node("Reshape", {"t", "split"}, {"heads_of"});
    m.node("Relu", {"heads_of"}, {"r"});
    m.node("Reshape", {"r", "rows"}, {"flat"});
    m.node("Gemm", {"flat", "w"}, {"product"});
    set(m.node("Concat", {"five", "n", "width"}, {"back"}), "axis", std::int64_t{0});
    m.node("Reshape", {"product", "back"}, {"b"});
    set(m.node("Transpose", {"b"}, {"y"}), "perm", test::Ints{1, 0, 2});
    const auto g = m.import();
    INFO(g.why_not_batchable);
    CHECK(g.batchable);
    CHECK(test::output_shape(g) == Shape{1, 5, 24});
}

TEST_CASE("an exported batch becomes one item, in literal reshapes on data paths too") {
    OnnxModel m;
    m.input("x", {4, 3, 2, 2}).output("y");
    m.integers("shape", {4, 12}).fill("w", {4, 12}, 1).integers("weight_shape", {12, 4});
    m.node("Reshape", {"x", "shape"}, {"flat"});
    m.node("Reshape", {"w", "weight_shape"}, {"w2"});  // its leading 4 is no batch
    m.node("MatMul", {"flat", "w2"}, {"y"});
    const auto g = m.import();
    CHECK(g.batchable);
    CHECK(g.tensor(g.inputs[0]).shape == Shape{1, 3, 2, 2});
    CHECK(g.tensor(g.inputs[0]).batched);
    CHECK(test::ops(g) == "reshape matmul");
    CHECK(attribute_ints(g.nodes[0], "shape") == Shape{1, 12});
    CHECK(g.tensor(g.nodes[1].inputs[1]).shape == Shape{12, 4});
    CHECK(test::output_shape(g) == Shape{1, 4});
    CHECK(test::first_problem(g) == "");
}

TEST_CASE("a symbolic leading axis is the batch, other symbolic axes need an extent") {
    OnnxModel m;
    m.input("x", {-1, -1}).output("y");
    m.node("Relu", {"x"}, {"y"});
    CHECK(contains(import_error(m), "axis 1 of 'x' has no extent, only the name 'd1'"));
    ImportOptions options;
    options.dims["d1"] = 7;
    CHECK(test::output_shape(m.import(options)) == Shape{1, 7});
}

TEST_CASE("shape arithmetic of an exporter folds into one reshape") {
    OnnxModel m;
    m.input("x", {-1, 6, 4}).output("y");
    m.integers("zero", {0}, true).integers("axes", {0}).integers("heads", {2}).integers("rest", {-1});
    m.node("Shape", {"x"}, {"s"});
    m.node("Gather", {"s", "zero"}, {"n"});
    m.node("Unsqueeze", {"n", "axes"}, {"n1"});
    m.node("Mul", {"heads", "heads"}, {"four"});
    set(m.node("Concat", {"n1", "four", "rest"}, {"target"}), "axis", std::int64_t{0});
    m.node("Reshape", {"x", "target"}, {"y"});
    const auto g = m.import();
    CHECK(test::ops(g) == "reshape");
    CHECK(test::output_shape(g) == Shape{1, 4, 6});
    CHECK(g.batchable);
}

TEST_CASE("whole: shapes stay and the graph is not batchable") {
    OnnxModel m;
    m.input("x", {4, 3}).output("y");
    m.node("Relu", {"x"}, {"y"});
    ImportOptions options;
    options.batch = ImportOptions::Batch::whole;
    const auto g = m.import(options);
    CHECK_FALSE(g.batchable);
    CHECK(g.tensor(g.inputs[0]).batched);
    CHECK(test::output_shape(g) == Shape{4, 3});
    CHECK(test::first_problem(g) == "");
}

TEST_CASE("items that depend on each other: the whole is the item, with a notice of the node that mixes them") {
    const auto mixing = [](void (*build)(OnnxModel&)) {
        OnnxModel m;
        m.input("x", {4, 8}).output("y");
        build(m);
        const auto g = m.import();
        CHECK(g.batchable);
        CHECK(g.tensor(g.inputs[0]).name == "x");
        CHECK(g.tensor(g.inputs[0]).shape == Shape{1, 4, 8});  // as exported, with an axis for a batch in front
        CHECK(g.tensor(g.outputs[0]).name == "y");
        CHECK(test::output_shape(g)[0] == 1);
        CHECK(test::first_problem(g) == "");
        REQUIRE(g.notices.size() == 1);
        return g.notices[0];
    };
    CHECK(mixing([](OnnxModel& m) { set(m.node("Softmax", {"x"}, {"y"}), "axis", std::int64_t{0}); }) ==
          "model: a batch is several runs of the whole model: node 'Softmax_y' (softmax): softmax over the batch axis");
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.integers("s", {2, 16});
                       m.node("Reshape", {"x", "s"}, {"y"});
                   }),
                   "leaves the batch no axis"));
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.integers("s", {32});
                       m.node("Reshape", {"x", "s"}, {"y"});
                   }),
                   "its batch is not an axis of its own"));
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.node("Transpose", {"x"}, {"t"});
                       m.node("MatMul", {"t", "x"}, {"y"});
                   }),
                   "sums over the batch"));
    CHECK(contains(mixing([](OnnxModel& m) {
                       set(m.node("Concat", {"x", "x"}, {"y"}), "axis", std::int64_t{0});
                   }),
                   "concat along the batch axis"));
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.integers("a", {0}).integers("b", {2});
                       m.node("Slice", {"x", "a", "b"}, {"y"});
                   }),
                   "slices the batch axis"));
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.fill("c", {4, 8}, 1).node("Add", {"x", "c"}, {"y"});
                   }),
                   "a constant operand spans the batch"));
}

TEST_CASE("transposing the batch away and back keeps items independent") {
    OnnxModel m;
    m.input("x", {4, 3, 8}).output("y");
    m.fill("w", {8, 8}, 1).integers("rows", {12, 8}).integers("back", {3, 4, 8});
    set(m.node("Transpose", {"x"}, {"t"}), "perm", test::Ints{1, 0, 2});
    m.node("Reshape", {"t", "rows"}, {"flat"});  // rows of (sequence, batch)
    m.node("MatMul", {"flat", "w"}, {"product"});
    m.node("Reshape", {"product", "back"}, {"b"});
    set(m.node("Softmax", {"b"}, {"s"}), "axis", std::int64_t{0});  // over the sequence
    set(m.node("Transpose", {"s"}, {"y"}), "perm", test::Ints{1, 0, 2});
    const auto g = m.import();
    INFO(g.why_not_batchable);
    CHECK(g.batchable);
    CHECK(test::output_shape(g) == Shape{1, 3, 8});
    CHECK(test::first_problem(g) == "");
}

TEST_CASE("inputs that do not agree on the batch are taken whole") {
    OnnxModel m;
    m.input("x", {4, 3}).input("z", {1, 3}).output("y");
    m.node("Add", {"x", "z"}, {"y"});
    const auto g = m.import();
    CHECK(g.batchable);
    CHECK(g.tensor(g.inputs[0]).shape == Shape{1, 4, 3});
    CHECK(g.tensor(g.inputs[1]).shape == Shape{1, 3});
    CHECK(test::output_shape(g) == Shape{1, 4, 3});
    CHECK(test::first_problem(g) == "");
    REQUIRE(g.notices.size() == 1);
    CHECK(contains(g.notices[0], "the leading axes of inputs 'x' and 'z' differ (4 and 1)"));
}

TEST_CASE("an open batch that is mixed is several of the model at 1, unless something spans one of its own") {
    OnnxModel mixed;
    mixed.input("x", {-1, 4}).output("y").node("ReduceMax", {"x"}, {"most"});
    mixed.node("Sub", {"x", "most"}, {"y"});
    const auto g = mixed.import();
    CHECK(g.batchable);
    REQUIRE(g.notices.size() == 1);
    CHECK(contains(g.notices[0], "a batch is several runs of the whole model: node 'ReduceMax_most' (reduce_max)"));
    OnnxModel baked;
    baked.input("x", {-1, 4}).output("y").fill("c", {8, 4}, 1);
    baked.node("Add", {"x", "c"}, {"y"});
    CHECK_FALSE(baked.import().batchable);
}

TEST_CASE("two inputs of one name are refused, whichever axes they have") {
    CHECK(
        contains(inputs_of({{"x", {"", "8"}}, {"x", {"8", "8", "batch"}}}), "input 'x': another input has that name"));
    CHECK(contains(inputs_of({{"x", {"8", "8", "batch"}}, {"x", {"8"}}}), "input 'x': another input has that name"));
}
