#include "graph/json_form.hpp"

#include "support.hpp"

#include <catch2/catch.hpp>

using namespace infsim;
using namespace infsim::graph;

namespace {

/// A graph text with its nodes replaced.
std::string with_nodes(const std::string& nodes, const std::string& more = "") {
    return R"({"name": "m", "inputs": [{"name": "x", "shape": [1, 3, 8, 8]}],
 "constants": [{"name": "w", "shape": [4, 3, 3, 3]}],
 "nodes": [)" +
           nodes + R"(],
 "outputs": [{"name": "y", "shape": [1, 4, 6, 6]}])" +
           more + "}";
}

const std::string kConv = R"({"name": "c", "op": "conv", "inputs": ["x", "w"], "outputs": ["y"],
 "attributes": {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1], "group": 1}})";

std::vector<std::string> problems_of(const std::string& text) {
    Problems problems;
    const auto document = json::parse_text(text, "m.json", problems);
    if (document) graph_from_json(*document, problems);
    std::vector<std::string> out;
    for (const auto& p : problems.list()) out.push_back(to_text(p));
    return out;
}

bool reports(const std::string& text, const std::string& where, const std::string& what) {
    for (const auto& line : problems_of(text))
        if (line.find(where) != std::string::npos && line.find(what) != std::string::npos) return true;
    for (const auto& line : problems_of(text)) UNSCOPED_INFO(line);
    return false;
}

}  // namespace

TEST_CASE("a graph text is read, inferred and written back the same") {
    CHECK(problems_of(with_nodes(kConv)).empty());
    Problems problems;
    const auto document = *json::parse_text(with_nodes(kConv), "m.json", problems);
    const auto g = graph_from_json(document, problems);
    CHECK(test::output_shape(g) == Shape{1, 4, 6, 6});
    CHECK(g.batchable);
    const json::Document again{"again", graph_to_json(g, "")};
    const auto h = graph_from_json(again, problems);
    REQUIRE(problems.empty());
    CHECK(json::dump_canonical(graph_to_json(h, "")) == json::dump_canonical(again.root));
}

TEST_CASE("mistakes in a graph text are located") {
    CHECK(reports(with_nodes(kConv, R"(, "extra": 1)"), "m.json: /extra", "unknown key"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "convv", "inputs": ["x"], "outputs": ["y"]})"), "/nodes/0/op",
                  "did you mean 'conv'"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "relu", "inputs": ["q"], "outputs": ["y"]})"), "/nodes/0/inputs/0",
                  "there is no tensor 'q'"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "relu", "inputs": ["x"], "outputs": ["x"]})"), "/nodes/0/outputs/0",
                  "there already is a tensor 'x'"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "softmax", "inputs": ["x"], "outputs": ["y"]})"), "/nodes/0",
                  "needs its attributes"));
    CHECK(reports(
        with_nodes(R"({"name": "c", "op": "softmax", "inputs": ["x"], "outputs": ["y"], "attributes": {"axis": "1"}})"),
        "/nodes/0/attributes/axis", "an integer"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "relu", "inputs": ["x"], "outputs": ["y"]})"), "/outputs/0/shape",
                  "inference says [1, 3, 8, 8]"));
    CHECK(reports(with_nodes(R"({"name": "c", "op": "add", "inputs": ["x", "w"], "outputs": ["y"]})"), "node 'c' (add)",
                  "do not broadcast"));
}

TEST_CASE("several mistakes make one report") {
    const auto found = problems_of(R"({"name": 3, "inputs": [{"name": "x", "shape": [2, 3], "dtype": "fp33"}],
 "constants": [{"name": "w", "shape": [2], "value": {"inline": [1]}}, {"name": "v", "shape": [2], "value": {}}],
 "nodes": [], "outputs": [{"name": "x", "shap": [1]}]})");
    CHECK(found.size() >= 5);
}

TEST_CASE("a recipe that leads back to itself is found") {
    CHECK(reports(R"({"name": "m", "inputs": [{"name": "x", "shape": [1, 2]}], "constants": [
 {"name": "a", "shape": [2], "value": {"recipe": {"kind": "reshape", "sources": ["b"]}}},
 {"name": "b", "shape": [2], "value": {"recipe": {"kind": "reshape", "sources": ["a"]}}}],
 "nodes": [{"name": "n", "op": "add", "inputs": ["x", "a"], "outputs": ["y"]}], "outputs": [{"name": "y"}]})",
                  "tensor 'a'", "leads back to itself"));
}

TEST_CASE("an imported model survives the way through JSON, recipes and infinities included") {
    test::OnnxModel m;
    m.input("x", {1, 2, 3, 3}).output("y").fill("w", {2, 2, 1, 1}, 1).fill("p", {2}, 1);
    m.floats("low", {1}, {-std::numeric_limits<float>::infinity()});
    m.node("Conv", {"x", "w"}, {"c"});
    m.node("BatchNormalization", {"c", "p", "p", "p", "p"}, {"n"});
    m.node("Max", {"n", "low"}, {"y"});
    const auto g = m.import();
    Problems problems;
    const json::Document document{"g.json",
                                  json::parse_text(json::dump(graph_to_json(g, "")), "g.json", problems)->root};
    const auto h = graph_from_json(document, problems);
    for (const auto& p : problems.list()) UNSCOPED_INFO(to_text(p));
    REQUIRE(problems.empty());
    CHECK(test::structure(g) == test::structure(h));
    CHECK(json::dump(graph_to_json(g, "")) == json::dump(graph_to_json(h, "")));
}

TEST_CASE("a whole graph says so and keeps shapes whose leading axis is not 1") {
    const std::string text =
        R"({"name": "m", "why_not_batchable": "taken whole", "inputs": [{"name": "x", "shape": [4, 3]}],
 "nodes": [{"name": "s", "op": "softmax", "inputs": ["x"], "outputs": ["y"], "attributes": {"axis": 0}}], "outputs": [{"name": "y"}]})";
    CHECK(problems_of(text).empty());
    CHECK(reports(std::string(text).replace(text.find("\"why"), 36, ""), "/inputs/0/shape",
                  "must begin with the batch axis"));
}

TEST_CASE("models are found by name or path, and the known ones are listed") {
    CHECK(load_model("three_layers", test::models_folder()).name == "three_layers");
    CHECK(load_model(test::models_folder() + "/three_layers/three_layers.json", "nowhere").name == "three_layers");
    CHECK_THROWS_WITH(load_model("resnet51", test::models_folder()),
                      Catch::Contains("no model 'resnet51'") && Catch::Contains("resnet50-v1"));
    CHECK_THROWS_AS(load_model("missing.json", test::models_folder()), InputError);
    CHECK_THROWS_AS(load_model("missing.onnx", test::models_folder()), InputError);
}

TEST_CASE("axes of a graph text may have names, whose extents can be replaced") {
    const auto text = [](const std::string& dims) {
        return R"({"name": "m", )" + dims + R"("inputs": [{"name": "x", "shape": [1, "seq", 4]}], "constants": [],
 "nodes": [{"name": "n", "op": "reshape", "inputs": ["x"], "outputs": ["y"], "attributes": {"shape": [1, 2, "seq", 2]}}],
 "outputs": [{"name": "y", "shape": [1, 2, "seq", 2]}]})";
    };
    const test::TempFolder folder;
    test::write_bytes(folder.file("m.json"), text(R"("dims": {"seq": 6}, )"));
    CHECK(test::output_shape(read_graph(folder.file("m.json"))) == Shape{1, 2, 6, 2});
    CHECK(test::output_shape(read_graph(folder.file("m.json"), {{"seq", 9}})) == Shape{1, 2, 9, 2});
    CHECK_THROWS_WITH(read_graph(folder.file("m.json"), {{"sec", 9}}),
                      Catch::Contains("no axis is called 'sec'; did you mean 'seq'?"));
    CHECK(reports(text(""), "/inputs/0/shape/1", "'seq' is not an axis in /dims"));
    CHECK(reports(text(R"("dims": {"seq": 0}, )"), "/dims/seq", "from 1"));
    ImportOptions options;
    options.dims["seq"] = 512;
    const auto bert = load_model("bert_base", test::models_folder(), options);
    CHECK(test::output_shape(bert) == Shape{1, 512, 768});
    options.input_shapes["input_ids"] = {1, 512};
    CHECK_THROWS_WITH(load_model("bert_base", test::models_folder(), options), Catch::Contains("--dim"));
}

TEST_CASE("a batch axis that is not in front is read and written") {
    const std::string text = R"({"name": "m", "inputs": [{"name": "s", "shape": [1, 2, 4], "batch_axis": 1}],
 "constants": [], "nodes": [{"name": "n", "op": "relu", "inputs": ["s"], "outputs": ["y"]}], "outputs": [{"name": "y", "batch_axis": 1}]})";
    Problems problems;
    const auto g = graph_from_json(*json::parse_text(text, "m.json", problems), problems);
    REQUIRE(problems.empty());
    CHECK(g.batchable);
    CHECK(g.tensor(g.outputs[0]).batch_axis == 1);
    CHECK(json::dump_canonical(graph_to_json(g, "")).find(R"("batch_axis":1)") != std::string::npos);
}
