#include "support.hpp"

#include <catch2/catch.hpp>

#include "graph/counts.hpp"

using namespace infsim;
using namespace infsim::graph;
using test::contains;
using test::import_error;
using test::OnnxModel;
using test::set;

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
    CHECK(contains(import_error(m, options), "a number of values that does not match its shape"));
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

TEST_CASE("outputs without a name are computed by nobody, or get a name of their own") {
    OnnxModel m;
    m.input("x", {1, 4}).output("y");
    set(m.node("Split", {"x"}, {"a", ""}), "axis", std::int64_t{1});
    m.node("Relu", {"a"}, {""});
    m.node("Dropout", {"a"}, {"b", ""});
    m.node("Shape", {"b"}, {""});
    m.node("Relu", {"b"}, {"y"});
    const auto g = m.import();
    CHECK(test::first_problem(g) == "");
    CHECK(test::output_shape(g) == Shape{1, 2});
}

TEST_CASE("a Split says how many outputs it has") {
    OnnxModel m;
    m.input("x", {1, 4}).output("a");
    auto& split = m.node("Split", {"x"}, {"a", "b", "c"});
    set(split, "axis", std::int64_t{1});
    set(split, "num_outputs", std::int64_t{2});
    CHECK(contains(import_error(m), "node 'Split_a' (Split): num_outputs is 2, but it has 3 outputs"));
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
                      Catch::Contains("broken.onnx") && Catch::Contains("is not an ONNX model, or is truncated"));
    CHECK_THROWS_WITH(import_onnx(folder.file("nowhere.onnx")), Catch::Contains("nowhere.onnx"));
    m.model.mutable_opset_import(0)->set_version(99);
    CHECK(contains(import_error(m), "has opset 99; supported: 6 to 26"));
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
