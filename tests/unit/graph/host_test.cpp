// What of a model the host runs.
#include <catch2/catch.hpp>
#include <cmath>

#include "graph/evaluate.hpp"
#include "graph/host_functions.hpp"
#include "graph/host_tail.hpp"
#include "support.hpp"

using namespace infsim;
using namespace infsim::graph;
using test::contains;
using test::import_error;
using test::OnnxModel;
using test::set;
using Values = std::vector<double>;

namespace {

ImportOptions allowed() {
    ImportOptions options;
    options.host_operators = {host_operators().begin(), host_operators().end()};
    return options;
}

/// A model in a file that stays.
struct InFile {
    explicit InFile(const OnnxModel& model) {
        path = folder.file("model.onnx");
        test::write_bytes(path, model.model.SerializeAsString());
        graph = import_onnx(path, allowed());
    }
    std::vector<HostResult> run(const std::vector<HostSource>& sources, int batch = 1) const {
        return run_host_tail(*graph.host, sources, batch);
    }

    test::TempFolder folder;
    std::string path;
    Graph graph;
};

/// x [N or batch, 4] -> Relu y -> TopK, and the indices in fp32.
OnnxModel top_two(std::int64_t batch) {
    OnnxModel m;
    m.input("x", {batch, 4}).output("values").output("y").output("places").integers("two", {2});
    m.node("Relu", {"x"}, {"y"});
    m.node("TopK", {"y", "two"}, {"values", "indices"});
    set(m.node("Cast", {"indices"}, {"places"}), "to", std::int64_t{onnx::TensorProto::FLOAT});
    return m;
}

/// Scores above 0.5 of x [1, 6] behind a Relu: as many as there are, and their sum.
OnnxModel counted() {
    OnnxModel m;
    m.input("x", {1, 6}).output("picked").output("count").output("most").floats("half", {}, {0.5F});
    m.node("Relu", {"x"}, {"y"});
    m.node("Greater", {"y", "half"}, {"above"});
    m.node("NonZero", {"above"}, {"found"});
    set(m.node("Transpose", {"found"}, {"rows"}), "perm", test::Ints{1, 0});
    m.node("GatherND", {"y", "rows"}, {"picked"});
    m.node("Shape", {"picked"}, {"count"});
    set(m.node("ReduceMax", {"picked"}, {"most"}), "keepdims", std::int64_t{0});
    return m;
}

std::vector<std::string> steps_of(const Graph& g) {
    std::vector<std::string> lines;
    for (const auto& step : g.host->steps) lines.push_back(step.op + " " + std::to_string(step.elements));
    return lines;
}

std::vector<std::string> outputs_of(const Graph& g) {
    std::vector<std::string> names;
    for (const auto id : g.outputs) names.push_back(g.tensor(id).name);
    return names;
}

}  // namespace

TEST_CASE("TopK sorts along its axis, of equal elements the lower index first") {
    const auto best = top_k({3, 1, 3, 2}, {1, 4}, 1, 3, true);
    CHECK(best.values == Values{3, 3, 2});
    CHECK(best.indices == Values{0, 2, 3});
    const auto least = top_k({3, 1, 3, 1}, {4, 1}, 0, 3, false);
    CHECK(least.values == Values{1, 1, 3});
    CHECK(least.indices == Values{1, 3, 0});
    const auto columns = top_k({1, 2, 3, 4, 9, 0}, {3, 2}, 0, 1, true);
    CHECK(columns.values == Values{9, 4});
    CHECK(columns.indices == Values{2, 1});
    CHECK(top_k({1, 2}, {2}, 0, 0, true).values.empty());
}

TEST_CASE("NonZero tells indices axis by axis") {
    CHECK(non_zero({0, 5, 0, 7}, {2, 2}) == Values{0, 1, 1, 1});
    CHECK(non_zero({0, 0}, {2}).empty());
}

TEST_CASE("NonMaxSuppression keeps the best of what overlaps, class by class") {
    // Boxes 0 and 1 share 0.9 of 1.1, box 2 lies apart.
    const Values boxes = {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11};
    Suppression how;
    how.most_per_class = 3;
    how.iou_threshold = 0.5F;
    CHECK(non_max_suppression(boxes, {0.6, 0.9, 0.9}, {1, 1, 3}, how) == Values{0, 0, 1, 0, 0, 2});
    how.iou_threshold = 0.9F;
    CHECK(non_max_suppression(boxes, {0.6, 0.9, 0.9}, {1, 1, 3}, how) == Values{0, 0, 1, 0, 0, 2, 0, 0, 0});
    how.score_threshold = 0.6F;
    CHECK(non_max_suppression(boxes, {0.6, 0.9, 0.9}, {1, 1, 3}, how) == Values{0, 0, 1, 0, 0, 2});
    how.most_per_class = 1;
    CHECK(non_max_suppression(boxes, {0.9, 0, 0, 0, 0, 0.7}, {1, 2, 3}, how) == Values{0, 0, 0, 0, 1, 2});
    how.most_per_class = 0;
    CHECK(non_max_suppression(boxes, {0.9, 0.9, 0.9}, {1, 1, 3}, how).empty());
}

TEST_CASE("boxes may be centres and sizes, and corners in any order") {
    Suppression how;
    how.most_per_class = 2;
    how.iou_threshold = 0.5F;
    CHECK(non_max_suppression({1, 1, 0, 0, 0, 0, 1, 1}, {0.5, 0.9}, {1, 1, 2}, how) == Values{0, 0, 1});
    how.center_point = true;
    // Both 2 wide (x) and 1 high (y): 1.5 of 2.5 in common, then 0 of 4.
    CHECK(non_max_suppression({0, 0, 2, 1, 0.5, 0, 2, 1}, {0.5, 0.9}, {1, 1, 2}, how) == Values{0, 0, 1});
    CHECK(non_max_suppression({0, 0, 2, 1, 0, 1, 2, 1}, {0.5, 0.9}, {1, 1, 2}, how) == Values{0, 0, 1, 0, 0, 0});
}

TEST_CASE("the graph ends where the host begins") {
    const InFile m(top_two(-1));
    CHECK(test::ops(m.graph) == "relu");
    CHECK(outputs_of(m.graph) == std::vector<std::string>{"y"});  // an output of the model and a source at once
    CHECK(m.graph.batchable);
    CHECK(test::first_problem(m.graph) == "");
    CHECK(steps_of(m.graph) == std::vector<std::string>{"TopK 4", "Cast 2"});
    CHECK(m.graph.host->elements() == 6);
    REQUIRE(m.graph.notices.size() == 1);
    CHECK(contains(m.graph.notices[0],
                   "2 nodes run on the host, which read 6 elements per item: 'TopK_values' (TopK), 'Cast_places'"));
}

TEST_CASE("an open batch is taken whole, as the model takes it") {
    const InFile m(top_two(-1));
    CHECK(m.graph.host->whole_batch);
    const auto results = m.run({{"y", {{1, 4, 2, 3}, {7, 7, 0, 0}}}}, 2);
    REQUIRE(results.size() == 2);
    CHECK(results[0].name == "values");
    CHECK(results[0].shape == Shape{2, 2});
    CHECK(results[0].values == Values{4, 3, 7, 7});
    CHECK(results[1].values == Values{1, 3, 0, 1});
    CHECK(results[1].dtype == DType::fp32);
}

TEST_CASE("a model of a fixed batch is taken item by item") {
    const InFile m(top_two(1));
    CHECK_FALSE(m.graph.host->whole_batch);
    const auto results = m.run({{"y", {{1, 4, 2, 3}, {7, 7, 0, 0}}}}, 2);
    CHECK(results[0].shape == Shape{2, 2});
    CHECK(results[0].values == Values{4, 3, 7, 7});
}

TEST_CASE("a model of a fixed batch of several is taken whole at any batch") {
    const InFile m(top_two(3));
    CHECK(m.graph.host->whole_batch);
    CHECK(steps_of(m.graph) == std::vector<std::string>{"TopK 4", "Cast 2"});
    for (const int batch : {1, 2, 3}) {
        const std::vector<Values> items(static_cast<std::size_t>(batch), {1, 4, 2, 3});
        const auto results = m.run({{"y", items}}, batch);
        CHECK(results[0].shape == Shape{batch, 2});
        CHECK(results[1].values[1] == 3);
    }
}

TEST_CASE("a batch that the model has on another axis is put together there") {
    OnnxModel m;
    m.input("x", {-1, 3}).output("values").integers("one", {1});
    m.node("Relu", {"x"}, {"y"});
    set(m.node("Transpose", {"y"}, {"turned"}), "perm", test::Ints{1, 0});  // [3, N]
    set(m.node("TopK", {"turned", "one"}, {"values", ""}), "axis", std::int64_t{0});
    const InFile in(m);
    CHECK(in.graph.host->sources[0].rows == 3);
    const auto results = in.run({{"turned", {{1, 5, 2}, {9, 0, 3}}}}, 2);
    CHECK(results[0].shape == Shape{1, 2});
    CHECK(results[0].values == Values{5, 9});
}

TEST_CASE("a host operator may leave out its first output, and its name") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("places").integers("two", {2});
    m.node("Relu", {"x"}, {"y"});
    m.node("TopK", {"y", "two"}, {"", "indices"}).set_name("");
    set(m.node("Cast", {"indices"}, {"places"}), "to", std::int64_t{onnx::TensorProto::FLOAT});
    const InFile in(m);
    CHECK(steps_of(in.graph) == std::vector<std::string>{"TopK 4", "Cast 2"});
    CHECK(in.graph.host->steps.front().name == "indices");
    CHECK(in.run({{"y", {{1, 5, 2, 3}}}})[0].values == Values{1, 3});
}

TEST_CASE("what depends on data has its largest shape before there are data, and its own then") {
    const InFile m(counted());
    CHECK(test::ops(m.graph) == "relu greater");
    // NonZero reads 6 truths and tells of at most 6 places on 2 axes, GatherND takes 6 elements by them.
    CHECK(steps_of(m.graph) ==
          std::vector<std::string>{"NonZero 6", "Transpose 12", "GatherND 18", "Shape 0", "ReduceMax 6"});
    const auto results = m.run({{"above", {{0, 1, 0, 0, 1, 0}}}, {"y", {{0, 2, 0, 0, 0.75, 0}}}});
    REQUIRE(results.size() == 3);
    CHECK(results[0].shape == Shape{2});
    CHECK(results[0].values == Values{2, 0.75});
    CHECK(results[1].values == Values{2});
    CHECK(results[2].values == Values{2});
}

TEST_CASE("of several items, each result whose shape depends on data is one of its own") {
    const InFile m(counted());
    const Values none(6, 0);
    const auto results = m.run(
        {{"above", {{0, 1, 0, 0, 1, 0}, {1, 0, 0, 0, 0, 0}}}, {"y", {{0, 2, 0, 0, 1, 0}, {3, 0, 0, 0, 0, 0}}}}, 2);
    REQUIRE(results.size() == 6);
    CHECK(results[0].name == "picked[0]");
    CHECK(results[0].values == Values{2, 1});
    CHECK(results[1].name == "picked[1]");
    CHECK(results[1].values == Values{3});
    CHECK(contains(test::error_of([&] {
                       m.run({{"above", {none}}, {"y", {none}}});
                   }),
                   "node 'ReduceMax_most' (ReduceMax): has no result for these values"));
}

TEST_CASE("an operator of the host without leave is refused, and what would allow it is named") {
    CHECK(contains(import_error(top_two(-1)),
                   "node 'TopK_values' (TopK): of computed data is not supported; with compiler option "
                   "host.operators the host runs TopK"));
    auto others = allowed();
    others.host_operators.erase("TopK");
    CHECK(contains(import_error(top_two(-1), others), "node 'TopK_values' (TopK)"));
}

TEST_CASE("a result of the host does not go back to the chip") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("z").integers("two", {2}).fill("w", {2, 8}, 1);
    m.node("Relu", {"x"}, {"y"});
    m.node("TopK", {"y", "two"}, {"values", "indices"});
    m.node("Sqrt", {"values"}, {"roots"});
    m.node("MatMul", {"roots", "w"}, {"z"});
    const auto error = import_error(m, allowed());
    CHECK(contains(error,
                   "node 'MatMul_z' (MatMul): needs the result of node 'TopK_values' (TopK), which the host computes; "
                   "the host does not run MatMul, and its results do not go back to the chip"));
    CHECK_FALSE(contains(error, "Sqrt"));
}

TEST_CASE("of constants the host's operators are constants, whoever may run them") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("z").integers("two", {2}).floats("c", {4}, {4, 1, 3, 2});
    m.node("TopK", {"c", "two"}, {"values", "indices"});
    set(m.node("Gather", {"x", "indices"}, {"z"}), "axis", std::int64_t{1});
    for (const auto& options : {ImportOptions{}, allowed()}) {
        const auto g = m.import(options);
        CHECK(g.host == nullptr);
        CHECK(test::ops(g) == "gather");
    }
}

TEST_CASE("an operator of the host inside of a subgraph is refused") {
    OnnxModel m;
    m.input("x", {-1, 4}).output("z").integers("two", {2});
    auto& tensor = *m.model.mutable_graph()->add_initializer();
    tensor.set_name("yes");
    tensor.set_data_type(onnx::TensorProto::BOOL);
    tensor.add_int32_data(1);
    auto& branch = m.node("If", {"yes"}, {"z"});
    for (const char* name : {"then_branch", "else_branch"}) {
        auto& attribute = *branch.add_attribute();
        attribute.set_name(name);
        attribute.set_type(onnx::AttributeProto::GRAPH);
        auto& body = *attribute.mutable_g();
        auto& node = *body.add_node();
        node.set_name("inner");
        node.set_op_type("TopK");
        node.add_input("x");
        node.add_input("two");
        node.add_output("v");
        node.add_output("i");
        body.add_output()->set_name("v");
    }
    CHECK(contains(import_error(m, allowed()), "is not supported inside a subgraph or function"));
}

TEST_CASE("what the host evaluates is more than what is folded") {
    const auto value = [](Node node, const ConstantView& x, const Shape& shape) {
        return evaluate_node(node, {x}, shape, DType::fp32).value();
    };
    Node node;
    node.op = Op::softmax;
    node.attributes["axis"] = std::int64_t{0};
    const auto shares = value(node, {{2, 1}, DType::fp32, {0, std::log(3.0)}}, {2, 1});
    CHECK(shares[0] == Approx(0.25));
    CHECK(shares[1] == Approx(0.75));
    node.op = Op::tile;
    CHECK(value(node, {{1, 2}, DType::fp32, {1, 2}}, {2, 4}) == Values{1, 2, 1, 2, 1, 2, 1, 2});
    node.op = Op::reduce_mean;
    node.attributes = {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}};
    CHECK(value(node, {{2, 2}, DType::fp32, {1, 2, 3, 5}}, {2}) == Values{1.5, 4});
    CHECK(evaluates(Op::gather));
    CHECK_FALSE(evaluates(Op::conv));
    CHECK_FALSE(evaluates(Op::matmul));
}
