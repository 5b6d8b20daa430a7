#include <sys/stat.h>

#include "support.hpp"

#include <catch2/catch.hpp>

#include "graph/counts.hpp"

using namespace infsim;
using namespace infsim::graph;
using test::OnnxModel;
using test::set;

namespace {

std::string import_error(const OnnxModel& model, const ImportOptions& options = {}) {
    try {
        model.import(options);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("inputs listed among the initializers are weights, not inputs") {
    OnnxModel m;
    m.input("x", {1, 4}).input("w", {4, 2}).fill("w", {4, 2}, 1).output("y");
    m.node("MatMul", {"x", "w"}, {"y"});
    const auto g = m.import();
    REQUIRE(g.inputs.size() == 1);
    CHECK(g.tensor(g.inputs[0]).name == "x");
    CHECK(test::output_shape(g) == Shape{1, 2});
    CHECK(test::first_problem(g) == "");
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
          "model: a batch is several of the whole model: node 'Softmax_y' (softmax): softmax over the batch axis");
    CHECK(contains(mixing([](OnnxModel& m) {
                       m.integers("s", {2, 16});
                       m.node("Reshape", {"x", "s"}, {"y"});
                   }),
                   "leaves no axis to the batch"));
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
    CHECK(contains(g.notices[0], "a batch is several of the whole model: node 'ReduceMax_most' (reduce_max)"));
    OnnxModel baked;
    baked.input("x", {-1, 4}).output("y").fill("c", {8, 4}, 1);
    baked.node("Add", {"x", "c"}, {"y"});
    CHECK_FALSE(baked.import().batchable);
}

TEST_CASE("inputs given beforehand become constants") {
    OnnxModel m;
    m.input("x", {2, 6}).input("shape", {3}, onnx::TensorProto::INT64).output("y");
    m.node("Reshape", {"x", "shape"}, {"y"});
    CHECK(contains(import_error(m), "(Reshape): its input 1 ('shape') must be a constant"));
    ImportOptions options;
    options.bound_inputs["shape"] = {2, 3, 2};
    const auto g = m.import(options);
    CHECK(g.inputs.size() == 1);
    CHECK(test::output_shape(g) == Shape{1, 3, 2});
    options.bound_inputs["shape"] = {2, 3};
    CHECK(contains(import_error(m, options), "another number of values"));
}

TEST_CASE("every unsupported operator is reported, with file and node") {
    OnnxModel m;
    m.input("x", {1, 4}).output("y");
    m.node("Frobnicate", {"x"}, {"a"});
    m.node("Relu", {"a"}, {"b"});
    m.node("NonMaxSuppression", {"b"}, {"c"});
    auto& foreign = m.node("Relu", {"c"}, {"y"});
    foreign.set_domain("com.example");
    const auto error = import_error(m);
    CHECK(contains(error, "model.onnx: node 'Frobnicate_a' (Frobnicate): operator 'Frobnicate' is not supported"));
    CHECK(contains(error, "node 'NonMaxSuppression_c'"));
    CHECK(contains(error, "domain 'com.example'"));
    CHECK_FALSE(contains(error, "Relu_b"));
}

TEST_CASE("problems of single nodes are collected, consequences are not") {
    OnnxModel m;
    m.input("x", {1, 4}).output("y");
    m.fill("w", {3, 4}, 1);
    m.node("MatMul", {"x", "w"}, {"a"});  // 4 against 3
    m.node("Relu", {"a"}, {"b"});         // only a consequence
    set(m.node("Softmax", {"x"}, {"c"}), "axis", std::int64_t{5});
    set(m.node("Relu", {"x"}, {"d"}), "slope", std::int64_t{1});
    m.node("Add", {"b", "missing"}, {"y"});
    const auto error = import_error(m);
    CHECK(contains(error, "node 'MatMul_a' (MatMul): [1, 4] and [3, 4] cannot be multiplied"));
    CHECK(contains(error, "axis 5 is outside"));
    CHECK(contains(error, "attribute 'slope' is not supported"));
    CHECK_FALSE(contains(error, "Relu_b"));
}

TEST_CASE("files that are no model, or half of one, are one clear error") {
    const test::TempFolder folder;
    OnnxModel m;
    m.input("x", {1, 64}).fill("w", {64, 64}, 1).output("y");
    m.node("MatMul", {"x", "w"}, {"y"});
    const auto bytes = m.model.SerializeAsString();
    const auto path = folder.file("broken.onnx");
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, bytes.size() / 3, bytes.size() - 1}) {
        test::write_bytes(path, bytes.substr(0, length));
        CHECK_THROWS_AS(import_onnx(path), InputError);
    }
    test::write_bytes(path, std::string(4096, '\xff'));
    CHECK_THROWS_WITH(import_onnx(path),
                      Catch::Contains("broken.onnx") && Catch::Contains("is no ONNX model, or is cut off"));
    CHECK_THROWS_WITH(import_onnx(folder.file("nowhere.onnx")), Catch::Contains("nowhere.onnx"));
    m.model.mutable_opset_import(0)->set_version(99);
    CHECK(contains(import_error(m), "is of opset 99; supported are"));
}

TEST_CASE("initializers must have the bytes their shape takes and a supported element type") {
    OnnxModel m;
    m.input("x", {1, 2}).output("y");
    m.floats("w", {2, 2}, {1, 2, 3});
    m.node("MatMul", {"x", "w"}, {"y"});
    CHECK(contains(import_error(m), "initializer 'w': has 12 bytes, its shape takes 16"));
    m.model.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::UINT16);
    CHECK(contains(import_error(m), "element type UINT16 is not supported"));
}

TEST_CASE("gemm is normalised to [M, K] x [K, N] + [N]") {
    OnnxModel m;
    m.input("x", {5, 3}).output("y");
    m.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}).floats("c", {1, 2}, {10, 20});
    auto& n = m.node("Gemm", {"x", "w", "c"}, {"y"});
    set(set(set(n, "transB", std::int64_t{1}), "alpha", 0.5f), "beta", 2.0f);
    const auto g = m.import();
    REQUIRE(test::ops(g) == "gemm");
    CHECK(g.tensor(g.nodes[0].inputs[1]).shape == Shape{3, 2});
    CHECK(g.tensor(g.nodes[0].inputs[2]).shape == Shape{2});
    CHECK(g.nodes[0].attributes.empty());
    CHECK(total_macs(g) == 1 * 3 * 2);
}

TEST_CASE("a gemm with a full matrix for C adds it behind") {
    OnnxModel m;
    m.input("x", {5, 3}).fill("w", {3, 2}, 1).fill("c", {5, 2}, 1).output("y");
    m.node("Gemm", {"x", "w", "c"}, {"y"});
    ImportOptions options;
    options.batch = ImportOptions::Batch::whole;
    CHECK(test::ops(m.import(options)) == "gemm add");
}

TEST_CASE("automatic padding is resolved") {
    OnnxModel m;
    m.input("x", {1, 1, 5, 5}).fill("w", {1, 1, 2, 2}, 1).output("y");
    set(m.node("Conv", {"x", "w"}, {"y"}), "auto_pad", std::string("SAME_LOWER"));
    const auto g = m.import();
    CHECK(attribute_ints(g.nodes[0], "pads") == Shape{1, 1, 0, 0});
    CHECK(test::output_shape(g) == Shape{1, 1, 5, 5});
}

TEST_CASE("before opset 13 a softmax runs over all axes from its own on") {
    OnnxModel m(9);
    m.input("x", {1, 3, 4, 5}).output("y");
    m.node("Softmax", {"x"}, {"y"});
    CHECK(test::ops(m.import()) == "reshape softmax reshape");
    OnnxModel flat(9);
    flat.input("x", {1, 3, 1, 1}).output("y");
    flat.node("Softmax", {"x"}, {"y"});
    const auto g = flat.import();
    CHECK(test::ops(g) == "softmax");
    CHECK(attribute_int(g.nodes[0], "axis") == 1);
}

TEST_CASE("slices are clamped, sorted and complete") {
    OnnxModel m;
    m.input("x", {1, 10, 6}).output("y");
    m.integers("starts", {100, -3}).integers("ends", {-100, 1000}).integers("axes", {2, 1}).integers("steps", {-2, 1});
    m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
    const auto g = m.import();
    const auto& n = g.nodes[0];
    CHECK(attribute_ints(n, "axes") == Shape{1, 2});
    CHECK(attribute_ints(n, "starts") == Shape{7, 5});
    CHECK(attribute_ints(n, "ends") == Shape{10, -1});
    CHECK(attribute_ints(n, "steps") == Shape{1, -2});
    CHECK(test::output_shape(g) == Shape{1, 3, 3});
}

TEST_CASE("dropout and identities go; an output that is an input gets an identity") {
    OnnxModel m;
    m.input("x", {1, 3}).output("y").output("z");
    m.node("Identity", {"x"}, {"a"});
    m.node("Dropout", {"a"}, {"b"});
    m.node("Relu", {"b"}, {"y"});
    m.node("Identity", {"b"}, {"z"});
    const auto g = m.import();
    CHECK(test::ops(g) == "relu identity");
    CHECK(g.tensor(g.outputs[1]).name == "z");
    CHECK(test::first_problem(g) == "");
}

TEST_CASE("large raw initializers stay in the file") {
    const test::TempFolder folder;
    OnnxModel m;
    std::vector<float> values(64 * 64);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8;
    m.input("x", {1, 64}).fill("other", {64, 64}, 3).floats("w", {64, 64}, values).output("y");
    m.node("MatMul", {"x", "other"}, {"a"});
    m.node("MatMul", {"a", "w"}, {"y"});
    const auto path = folder.file("m.onnx");
    const auto bytes = m.model.SerializeAsString();
    test::write_bytes(path, bytes);
    const auto g = import_onnx(path);
    const auto& constant = *g.tensor(g.nodes[1].inputs[1]).constant;
    const auto* ref = std::get_if<FileRef>(&constant);
    REQUIRE(ref != nullptr);
    CHECK(ref->bytes == 64 * 64 * 4);
    CHECK(bytes.substr(static_cast<std::size_t>(ref->offset), 64 * 64 * 4) ==
          std::string(reinterpret_cast<const char*>(values.data()), 64 * 64 * 4));
}

TEST_CASE("a Hardmax is made of what exists, before opset 13 over everything from its axis on") {
    for (const int opset : {11, 13}) {
        OnnxModel m(opset);
        m.input("x", {1, 2, 3}).output("y");
        m.node("Hardmax", {"x"}, {"y"});
        const auto g = m.import();
        CAPTURE(opset);
        CHECK(test::output_shape(g) == Shape{1, 2, 3});
        CHECK(test::first_problem(g) == "");
        std::vector<std::vector<double>> ramps;
        for (const auto& t : g.tensors)
            if (t.constant && std::holds_alternative<Inline>(*t.constant))
                ramps.push_back(std::get<Inline>(*t.constant).values);
        REQUIRE(ramps.size() == 1);
        CHECK(ramps[0] == (opset < 13 ? std::vector<double>{6, 5, 4, 3, 2, 1} : std::vector<double>{3, 2, 1}));
    }
}

namespace {

/// A MatMul whose weights [4, 4] are external, with these entries beside the location.
OnnxModel external_model(const std::string& location,
                         const std::vector<std::pair<std::string, std::string>>& entries = {}) {
    OnnxModel m;
    m.input("x", {1, 4}).output("y");
    auto& w = *m.model.mutable_graph()->add_initializer();
    w.set_name("w");
    w.set_data_type(onnx::TensorProto::FLOAT);
    w.add_dims(4);
    w.add_dims(4);
    w.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const std::string& key, const std::string& value) {
        auto& entry = *w.add_external_data();
        entry.set_key(key);
        entry.set_value(value);
    };
    add("location", location);
    for (const auto& [key, value] : entries) add(key, value);
    m.node("MatMul", {"x", "w"}, {"y"});
    return m;
}

/// What reading it from `folder` says, or "".
std::string external_error(const test::TempFolder& folder, const OnnxModel& m) {
    test::write_bytes(folder.file("m.onnx"), m.model.SerializeAsString());
    try {
        import_onnx(folder.file("m.onnx"));
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("weights in a file that is not there have a shape and no values, and one notice says so") {
    const test::TempFolder folder;
    auto m = external_model("absent.bin");
    auto& second = *m.model.mutable_graph()->add_initializer();
    second = m.model.graph().initializer(0);
    second.set_name("v");
    m.model.mutable_graph()->mutable_node(0)->set_output(0, "t");
    m.node("MatMul", {"t", "v"}, {"y"});
    test::write_bytes(folder.file("m.onnx"), m.model.SerializeAsString());
    const auto g = import_onnx(folder.file("m.onnx"));
    CHECK(std::holds_alternative<Absent>(*g.tensor(g.nodes[0].inputs[1]).constant));
    REQUIRE(g.notices.size() == 1);
    CHECK(contains(g.notices[0], "m.onnx: 'absent.bin' is not there: 2 constants have no values"));
    CHECK(contains(g.notices[0], "--random-weights"));
}

TEST_CASE("external data must be where they are said to be") {
    const test::TempFolder folder;
    test::write_bytes(folder.file("ok.bin"), std::string(64, '\1'));
    const auto error = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
        return external_error(folder, external_model("ok.bin", entries));
    };
    CHECK(error({}) == "");
    CHECK(error({{"offset", "0"}, {"length", "64"}}) == "");
    CHECK(contains(error({{"offset", "xyz"}}), "initializer 'w': the offset of its external data is 'xyz'"));
    CHECK(contains(error({{"offset", "-4"}}), "initializer 'w': the offset of its external data is '-4'"));
    CHECK(contains(error({{"offset", "9223372036854775804"}}), "initializer 'w': its 64 bytes at offset 9223372"));
    CHECK(contains(error({{"offset", "99999999999999999999"}}), "which is no count of bytes"));
    CHECK(contains(error({{"offset", "1"}}), "initializer 'w': its 64 bytes at offset 1 are not all in"));
    CHECK(contains(error({{"length", "60"}}), "initializer 'w': its shape takes 64 bytes, its external data have 60"));
}

TEST_CASE("only regular files below the model's folder are read, in either form") {
    namespace fs = std::filesystem;
    const test::TempFolder folder, elsewhere;
    test::write_bytes(elsewhere.file("w.bin"), std::string(64, '\1'));
    fs::create_directory(folder.file("sub"));
    test::write_bytes(folder.file("sub/w.bin"), std::string(64, '\1'));
    fs::create_symlink(elsewhere.file("w.bin"), folder.file("link.bin"));
    fs::create_symlink(fs::path(elsewhere.file("w.bin")).parent_path(), folder.file("folder"));
    fs::create_symlink("sub/w.bin", folder.file("inner.bin"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    const auto json_error = [&](const std::string& location) {
        test::write_bytes(folder.file("m.json"),
                          R"({"name": "m", "inputs": [{"name": "x", "shape": [1, 4]}], "constants": [{"name": "w",
 "shape": [4, 4], "value": {"file": {"path": ")" +
                              location + R"("}}}], "nodes": [{"name": "n", "op": "matmul", "inputs": ["x", "w"],
 "outputs": ["y"]}], "outputs": [{"name": "y"}]})");
        try {
            const auto g = read_graph(folder.file("m.json"));
            return std::string(g.notices.empty() ? "" : "absent");
        } catch (const InputError& error) {
            return std::string(error.what());
        }
    };
    const auto both = [&](const std::string& location, const std::string& what) {
        CAPTURE(location);
        const auto onnx = external_error(folder, external_model(location)), json = json_error(location);
        CHECK(contains(onnx, what));
        CHECK(contains(json, what));
        if (what.empty()) CHECK((onnx + json).empty());
    };
    both("sub/w.bin", "");
    both("sub/../sub/w.bin", "");
    both("inner.bin", "");
    both("../" + fs::path(elsewhere.file("w.bin")).parent_path().filename().string() + "/w.bin",
         "is not below the model's folder");
    both("link.bin", "is not below the model's folder");
    both("folder/w.bin", "is not below the model's folder");
    both("folder/absent.bin", "is not below the model's folder");
    both("/dev/zero", "is not below the model's folder");
    both(elsewhere.file("w.bin"), "is not below the model's folder");
    both("pipe", "no regular file");
    both("sub", "no regular file");
    CHECK(json_error("absent.bin") == "absent");
    fs::remove(folder.file("m.onnx"));
    REQUIRE(::mkfifo(folder.file("m.onnx").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(import_onnx(folder.file("m.onnx")), Catch::Contains("is no regular file"));
}

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
    CHECK(contains(inputs_of({{"x", {"N", "3", "H", "W"}}}, options), "dim 'S': is no axis of an input"));
    options = {};
    CHECK(contains(inputs_of({{"x", {"N", "S"}}}), "only the name 'S'; --dim S=VALUE gives it one"));
    CHECK(contains(inputs_of({{"x", {"", "3", ""}}}), "axis 2 of 'x' has no extent and no name; --input x="));
    options.input_shapes["x"] = {1, 3, 5};
    CHECK(inputs_of({{"x", {"", "3", ""}}}, options) == "x[1,3,5]@0");
    CHECK(contains(inputs_of({{"x", {"", "4", ""}}}, options), "is given 3 for axis 1, which has 4"));
    CHECK(contains(inputs_of({{"x", {"", ""}}}, options), "is given the shape [1, 3, 5] and has 2 axes"));
    CHECK(contains(inputs_of({{"y", {"", "3", "5"}}}, options), "input 'x': is none of the model's"));
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
