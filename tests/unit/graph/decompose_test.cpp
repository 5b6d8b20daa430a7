// Nodes that the import takes apart: graphs within graphs, and operators made of those that exist.
#include "support.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "graph/constants.hpp"

using namespace infsim;
using namespace infsim::graph;
using test::contains;
using test::import_error;
using test::OnnxModel;
using test::set;

namespace {

/// The graph `attribute` of a node, with one node of this operator.
onnx::GraphProto& branch(onnx::NodeProto& n, const std::string& attribute) {
    auto& a = *n.add_attribute();
    a.set_name(attribute);
    a.set_type(onnx::AttributeProto::GRAPH);
    return *a.mutable_g();
}

onnx::NodeProto& add_node(onnx::GraphProto& g, const std::string& op, const test::Names& in, const std::string& out) {
    auto& n = *g.add_node();
    n.set_op_type(op);
    for (const auto& i : in) n.add_input(i);
    n.add_output(out);
    return n;
}

int count(const Graph& g, Op op) {
    return static_cast<int>(std::count_if(g.nodes.begin(), g.nodes.end(), [&](const Node& n) { return n.op == op; }));
}

/// A model of one node on x [-1, axes...] with checks of what every decomposition must be.
Graph checked(const OnnxModel& m) {
    const auto g = m.import();
    INFO(g.why_not_batchable);
    CHECK(test::first_problem(g) == "");
    CHECK(g.batchable);
    return g;
}

}  // namespace

TEST_CASE("an If with a known condition is its branch, under names of its own") {
    for (const int condition : {0, 1}) {
        OnnxModel m;
        m.input("x", {-1, 4}).output("y").integers("zero", {0}, true).integers("c", {condition}, true);
        m.node("Greater", {"c", "zero"}, {"flag"});
        auto& n = m.node("If", {"flag"}, {"y"});
        auto& yes = branch(n, "then_branch");
        add_node(yes, "Relu", {"x"}, "t");
        add_node(yes, "Dropout", {"t"}, "dropped").add_output("mask");  // an output that a later node reads
        add_node(yes, "Not", {"mask"}, "unmasked");
        add_node(yes, "Neg", {"t"}, "x2");
        yes.add_output()->set_name("x2");
        auto& no = branch(n, "else_branch");
        add_node(no, "Frobnicate", {"x"}, "t");
        no.add_output()->set_name("t");
        if (condition == 1) CHECK(test::ops(checked(m)) == "relu neg");
        else CHECK(contains(import_error(m), "operator 'Frobnicate' is not supported"));
    }
    OnnxModel m;
    m.input("x", {-1}, onnx::TensorProto::BOOL).output("y");
    auto& n = m.node("If", {"x"}, {"y"});
    branch(n, "then_branch");
    branch(n, "else_branch");
    CHECK(contains(import_error(m), "node 'If_y' (If): its condition is computed"));
}

TEST_CASE("a Loop of a constant number of steps is unrolled, what it collects is stacked") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("last").output("all").integers("n", {3}, true);
    auto& n = m.node("Loop", {"n", "", "x"}, {"last", "all"});
    auto& body = branch(n, "body");
    for (const char* name : {"i", "go", "v"}) body.add_input()->set_name(name);
    add_node(body, "Identity", {"go"}, "go_on");
    add_node(body, "Add", {"v", "x"}, "next");
    add_node(body, "Neg", {"next"}, "seen");
    for (const char* name : {"go_on", "next", "seen"}) body.add_output()->set_name(name);
    const auto g = m.import();
    CHECK(test::first_problem(g) == "");
    CHECK(count(g, Op::add) == 3);
    CHECK(count(g, Op::neg) == 3);
    CHECK(test::output_shape(g, 1) == Shape{1, 3, 4});
    CHECK(g.tensor(g.outputs[1]).batch_axis == 1);

    m.model.mutable_graph()->mutable_initializer(0)->set_int64_data(0, 1'000'000'000);
    CHECK(contains(import_error(m), "have more than"));
    m.model.mutable_graph()->mutable_node(0)->set_input(0, "");
    CHECK(contains(import_error(m), "has no trip count"));
}

TEST_CASE("functions of the model are inlined, with attributes of their calls") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("y");
    m.model.set_ir_version(8);
    m.model.add_opset_import()->set_domain("local");
    auto& f = *m.model.add_functions();
    f.set_name("Leaky");
    f.set_domain("local");
    f.add_input("a");
    f.add_output("b");
    f.add_attribute("slope");
    auto& inner = *f.add_node();
    inner.set_op_type("LeakyRelu");
    inner.add_input("a");
    inner.add_output("t");
    auto& reference = *inner.add_attribute();
    reference.set_name("alpha");
    reference.set_type(onnx::AttributeProto::FLOAT);
    reference.set_ref_attr_name("slope");
    auto& outer = *f.add_node();
    outer.set_op_type("Neg");
    outer.add_input("t");
    outer.add_output("b");
    set(m.node("Leaky", {"x"}, {"s"}), "slope", 0.25f).set_domain("local");
    m.node("Leaky", {"s"}, {"y"}).set_domain("local");
    const auto g = checked(m);
    CHECK(test::ops(g) == "leaky_relu neg leaky_relu neg");
    CHECK(attribute_float(g.nodes[0], "alpha") == 0.25);
    CHECK(attribute_float(g.nodes[2], "alpha") == Approx(0.01));

    for (const char* name : {"same", ""}) {  // names of nodes are free
        for (auto& call : *m.model.mutable_graph()->mutable_node()) call.set_name(name);
        CHECK(test::ops(checked(m)) == "leaky_relu neg leaky_relu neg");
    }
    for (const char* unread : {"", ""}) {
        auto& call = m.node("Leaky", {"s"}, {unread});
        call.set_name("");
        call.set_domain("local");
    }
    CHECK(test::ops(checked(m)) == "leaky_relu neg leaky_relu neg");

    inner.set_op_type("Leaky");
    inner.set_domain("local");
    CHECK(contains(import_error(m), "are nested more than"));
}

TEST_CASE("an LSTM is one product for the inputs of all steps and one per step for the state") {
    for (const char* direction : {"forward", "reverse", "bidirectional"}) {
        CAPTURE(direction);
        const std::int64_t d = std::string(direction) == "bidirectional" ? 2 : 1;
        OnnxModel m(14);
        m.input("x", {5, -1, 3}).output("y").output("h").output("c");
        m.fill("w", {d, 16, 3}, 1).fill("r", {d, 16, 4}, 1).fill("b", {d, 32}, 1);
        m.model.mutable_graph()
            ->mutable_input(0)
            ->mutable_type()
            ->mutable_tensor_type()
            ->mutable_shape()
            ->mutable_dim(1)
            ->set_dim_param("N");
        auto& n = m.node("LSTM", {"x", "w", "r", "b"}, {"y", "h", "c"});
        set(set(n, "hidden_size", std::int64_t{4}), "direction", std::string(direction));
        const auto g = checked(m);
        CHECK(test::output_shape(g, 0) == Shape{1, 5, d, 4});
        CHECK(test::output_shape(g, 1) == Shape{1, d, 4});
        CHECK(test::output_shape(g, 2) == Shape{1, d, 4});
        CHECK(g.tensor(g.outputs[0]).batch_axis == 2);
        CHECK(count(g, Op::matmul) == d * (1 + 4));  // the state is zero in front of the first step
        CHECK(count(g, Op::sigmoid) == d * 5);
        std::set<TensorId> weights;
        for (const auto& node : g.nodes)
            if (node.op == Op::matmul) weights.insert(node.inputs[1]);
        CHECK(weights.size() == static_cast<std::size_t>(2 * d));
    }
}

TEST_CASE("GRU and RNN take both forms of their parameters, and refuse what they cannot do by name") {
    for (const std::int64_t before : {0, 1}) {
        OnnxModel m(14);
        m.input("x", {-1, 5, 3}).output("y").fill("w", {1, 12, 3}, 1).fill("r", {1, 12, 4}, 1).fill("b", {1, 24}, 1);
        auto& n = m.node("GRU", {"x", "w", "r", "b"}, {"y"});
        set(set(set(n, "hidden_size", std::int64_t{4}), "layout", std::int64_t{1}), "linear_before_reset", before);
        const auto g = checked(m);
        CHECK(test::output_shape(g) == Shape{1, 5, 1, 4});
        CHECK(count(g, Op::matmul) == (before != 0 ? 5 : 9));
    }
    OnnxModel m(14);
    m.input("x", {5, 1, 3}).output("y").fill("w", {1, 4, 3}, 1).fill("r", {1, 4, 4}, 1);
    auto& n = m.node("RNN", {"x", "w", "r"}, {"y"});
    set(n, "hidden_size", std::int64_t{4});
    CHECK(count(m.import(), Op::tanh) == 5);
    set(n, "clip", 1.0f);
    CHECK(contains(import_error(m), "node 'RNN_y' (RNN): clipped gates are not supported"));
}

TEST_CASE("a recurrent cell exported for one item, steps in front by a reshape, takes a batch of items") {
    OnnxModel m(15);
    m.input("x", {1, 5, 3}).output("y").integers("turned", {5, 1, 3});
    m.fill("w", {1, 16, 3}, 1).fill("r", {1, 16, 4}, 1);
    m.node("Reshape", {"x", "turned"}, {"t"});
    set(m.node("LSTM", {"t", "w", "r"}, {"all", "y"}), "hidden_size", std::int64_t{4});
    CHECK(checked(m).batchable);
}

TEST_CASE("a Clip by computed bounds is a maximum and a minimum") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("y");
    set(m.node("ReduceMax", {"x"}, {"top"}), "axes", test::Ints{1});
    m.node("Neg", {"top"}, {"low"});
    m.node("Clip", {"x", "low", "top"}, {"y"});
    CHECK(test::ops(checked(m)) == "reduce_max neg maximum minimum");
}

TEST_CASE("newer normalisations and activations") {
    OnnxModel m(21);
    m.input("x", {-1, 6, 4, 4}).output("y").output("z").output("s").fill("g", {6}, 1).fill("w", {4}, 1);
    set(m.node("GroupNormalization", {"x", "g", "g"}, {"y"}), "num_groups", std::int64_t{3});
    m.node("RMSNormalization", {"x", "w"}, {"z"});
    set(m.node("Swish", {"x"}, {"s"}), "alpha", 2.0f);
    const auto g = checked(m);
    CHECK(test::output_shape(g) == Shape{1, 6, 4, 4});
    CHECK(count(g, Op::instance_norm) == 1);
    OnnxModel old(18);
    old.input("x", {-1, 6, 4, 4}).output("y").fill("g", {3}, 1);
    set(old.node("GroupNormalization", {"x", "g", "g"}, {"y"}), "num_groups", std::int64_t{3});
    CHECK(test::ops(checked(old)) == "reshape instance_norm reshape");
}

TEST_CASE("attention and rotary positions in one node") {
    OnnxModel m(23);
    m.input("x", {-1, 6, 32}).output("y").fill("cos", {10, 4}, 1).fill("sin", {10, 4}, 1);
    m.input("ids", {-1, 6}, onnx::TensorProto::INT64);
    set(m.node("RotaryEmbedding", {"x", "cos", "sin", "ids"}, {"r"}), "num_heads", std::int64_t{4});
    auto& n = m.node("Attention", {"r", "r", "x"}, {"y"});
    set(set(set(n, "q_num_heads", std::int64_t{4}), "kv_num_heads", std::int64_t{2}), "is_causal", std::int64_t{1});
    CHECK(contains(import_error(m), "cannot be multiplied"));
    set(*m.model.mutable_graph()->mutable_node(1), "scale", 0.5f);
    m.model.mutable_graph()->mutable_node(1)->mutable_attribute(1)->set_i(4);
    const auto g = checked(m);
    CHECK(count(g, Op::matmul) == 2);
    CHECK(count(g, Op::softmax) == 1);
    CHECK(test::output_shape(g) == Shape{1, 6, 32});
}

TEST_CASE("operators of onnxruntime's optimizer are taken apart") {
    OnnxModel m(17);
    m.input("x", {-1, 6, 8}).output("y").fill("g", {8}, 1).fill("w", {8, 24}, 1).fill("b", {24}, 1);
    m.model.add_opset_import()->set_domain("com.microsoft");
    m.node("SkipLayerNormalization", {"x", "x", "g", "g", "g"}, {"n"}).set_domain("com.microsoft");
    m.node("BiasGelu", {"n", "g"}, {"a"}).set_domain("com.microsoft");
    m.node("FastGelu", {"a", "g"}, {"f"}).set_domain("com.microsoft");
    m.node("Gelu", {"f"}, {"e"}).set_domain("com.microsoft");
    set(m.node("Attention", {"e", "w", "b"}, {"y"}), "num_heads", std::int64_t{2}).set_domain("com.microsoft");
    const auto g = checked(m);
    CHECK(count(g, Op::gelu) == 2);
    CHECK(count(g, Op::gelu_tanh) == 1);
    CHECK(count(g, Op::layer_norm) == 1);
    CHECK(count(g, Op::softmax) == 1);
    CHECK(test::output_shape(g) == Shape{1, 6, 8});
    m.node("MurmurHash3", {"x"}, {"q"}).set_domain("com.microsoft");
    CHECK(contains(import_error(m), "operator 'MurmurHash3' of domain 'com.microsoft' is not supported"));
}

TEST_CASE("indices: extremes, sums along an axis, picks and puts by constant indices") {
    OnnxModel m(13);
    m.input("x", {-1, 4, 6}).output("arg").output("sum").output("mod").output("picked").output("put");
    m.integers("axis", {1}, true).fill("two", {1}, 2).fill("u", {1, 2, 6}, 1);
    set(m.node("ArgMax", {"x"}, {"arg"}), "axis", std::int64_t{2});
    m.node("CumSum", {"x", "axis"}, {"sum"});
    set(m.node("Mod", {"x", "two"}, {"mod"}), "fmod", std::int64_t{1});
    auto& pairs = *m.model.mutable_graph()->add_initializer();
    pairs.set_name("pairs");
    pairs.set_data_type(onnx::TensorProto::INT64);
    for (const auto e : {1, 2, 2}) pairs.add_dims(e);
    for (const auto v : {0, 3, 0, -3}) pairs.add_int64_data(v);
    m.node("GatherND", {"x", "pairs"}, {"picked"});
    m.node("ScatterND", {"x", "pairs", "u"}, {"put"});
    const auto g = m.import();
    CHECK(test::first_problem(g) == "");
    CHECK(test::output_shape(g, 0) == Shape{1, 4, 1});
    CHECK(g.tensor(g.outputs[0]).dtype == DType::i64);
    CHECK(test::output_shape(g, 1) == Shape{1, 4, 6});
    CHECK(test::output_shape(g, 3) == Shape{1, 2, 6});
    CHECK(test::output_shape(g, 4) == Shape{1, 4, 6});
    OnnxModel counted(13);
    counted.input("x", {-1, 3}).output("y");
    counted.node("NonZero", {"x"}, {"y"});
    CHECK(contains(import_error(counted), "node 'NonZero_y' (NonZero): of computed data is not supported"));
}

TEST_CASE("quantised weights are recipes, values that are quantised pass, with one notice") {
    OnnxModel m(13);
    m.input("x", {-1, 2, 4, 4}).output("y").floats("s", {}, {0.5f}).floats("sw", {3}, {1, 2, 4});
    auto& w = *m.model.mutable_graph()->add_initializer();
    w.set_name("w");
    w.set_data_type(onnx::TensorProto::INT8);
    for (const auto e : {3, 2, 1, 1}) w.add_dims(e);
    for (const auto v : {1, -2, 3, 4, 5, -6}) w.add_int32_data(v);
    auto& zero = *m.model.mutable_graph()->add_initializer();
    zero.set_name("z");
    zero.set_data_type(onnx::TensorProto::UINT8);
    zero.add_int32_data(0);
    m.node("QuantizeLinear", {"x", "s", "z"}, {"xq"});
    m.node("DequantizeLinear", {"xq", "s", "z"}, {"xd"});
    set(m.node("DequantizeLinear", {"w", "sw"}, {"wd"}), "axis", std::int64_t{0});
    m.node("Conv", {"xd", "wd"}, {"y"});
    const auto g = checked(m);
    CHECK(test::ops(g) == "relu conv");  // a zero point at the least value cuts off what is negative
    CHECK(evaluate_constant(g, g.nodes[1].inputs[1]) == std::vector<float>{1, -2, 6, 8, 20, -24});
    REQUIRE(g.notices.size() == 1);
    CHECK(contains(g.notices[0], "int8 is computed in floating point"));
    m.node("DynamicQuantizeLinear", {"x"}, {"q"});
    m.node("MatMulInteger", {"x", "x"}, {"mm"});
    CHECK(contains(import_error(m), "operator 'MatMulInteger' is not supported"));
    CHECK(contains(import_error(m), "operator 'DynamicQuantizeLinear' is not supported"));
}

TEST_CASE("parts of large constants are recipes too") {
    OnnxModel m;
    m.input("x", {-1, 200}).output("y");
    std::vector<float> values(400 * 100);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 997);
    m.floats("w", {400, 100}, values).integers("s", {399, 10}).integers("e", {-1000, 60}).integers("a", {0, 1});
    m.integers("step", {-2, 1});
    m.node("Slice", {"w", "s", "e", "a", "step"}, {"part"});
    m.node("MatMul", {"x", "part"}, {"y"});
    const test::TempFolder folder;
    test::write_bytes(folder.file("m.onnx"), m.model.SerializeAsString());
    const auto g = import_onnx(folder.file("m.onnx"));
    CHECK(test::ops(g) == "matmul");
    const auto part = evaluate_constant(g, g.nodes[0].inputs[1]);
    REQUIRE(part.size() == 200 * 50);
    CHECK(part[0] == values[399 * 100 + 10]);
    CHECK(part[50 * 3 + 7] == values[(399 - 6) * 100 + 17]);
}

TEST_CASE("what newer opsets add is taken or refused by name") {
    OnnxModel cast(19);
    cast.input("x", {-1, 4}).output("y");
    auto& n = cast.node("Cast", {"x"}, {"y"});
    set(n, "to", std::int64_t{10});
    set(n, "saturate", std::int64_t{1});
    CHECK(test::ops(checked(cast)) == "cast");
    const auto refusal = [](int opset, const std::string& op, const std::string& attribute, const auto& value) {
        OnnxModel m(opset);
        m.input("x", {-1, 4, 8, 8}).output("y");
        set(m.node(op, {"x"}, {"y"}), attribute, value);
        return import_error(m);
    };
    CHECK(contains(refusal(19, "Cast", "to", std::int64_t{17}), "element type FLOAT8E4M3FN is not supported"));
    CHECK(
        contains(refusal(20, "Gelu", "approximate", std::string("sigmoid")), "approximate 'sigmoid' is not supported"));
    OnnxModel resize(18);
    resize.input("x", {-1, 4, 8, 8}).output("y").integers("to", {1, 4, 4, 4});
    auto& r = resize.node("Resize", {"x", "", "", "to"}, {"y"});
    set(r, "mode", std::string("linear"));
    set(r, "antialias", std::int64_t{1});
    CHECK(contains(import_error(resize), "antialias (opset 18) is not supported if an axis shrinks"));
    OnnxModel scatter(24);
    scatter.input("x", {-1, 4}).output("y");
    scatter.node("TensorScatter", {"x", "x"}, {"y"});
    CHECK(contains(import_error(scatter), "operator 'TensorScatter' is not supported (opset 24)"));
}

TEST_CASE("elements picked by constant indices that differ along the leading axis are picked of all of them") {
    OnnxModel m;
    m.input("x", {2, 2}).output("y").integers("i", {0, 1, 1, 0}).integers("square", {2, 2});
    m.node("Reshape", {"i", "square"}, {"j"});
    set(m.node("GatherElements", {"x", "j"}, {"y"}), "axis", std::int64_t{1});
    const auto g = checked(m);
    const auto pick = std::find_if(g.nodes.begin(), g.nodes.end(), [](const Node& n) { return n.op == Op::gather; });
    REQUIRE(pick != g.nodes.end());
    CHECK(evaluate_constant(g, pick->inputs[1]) == std::vector<float>{0, 1, 3, 2});
}

TEST_CASE("quantised values that others than DequantizeLinear read are the integers") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("y").floats("s", {}, {0.5F});
    m.node("QuantizeLinear", {"x", "s"}, {"y"});
    CHECK(test::ops(checked(m)) == "div round clip cast");
}
