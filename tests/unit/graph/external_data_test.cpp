// Values outside of the model's file.
#include <sys/stat.h>

#include "support.hpp"

#include <catch2/catch.hpp>

using namespace infsim;
using namespace infsim::graph;
using test::contains;
using test::OnnxModel;

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
    const auto path = folder.write("m.onnx", m.model.SerializeAsString());
    return test::error_of([&] { import_onnx(path); });
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
    CHECK(contains(error({{"offset", "99999999999999999999"}}), "which is not a byte count"));
    CHECK(contains(error({{"offset", "1"}}), "initializer 'w': its 64 bytes at offset 1 are not all in"));
    CHECK(contains(error({{"length", "60"}}), "initializer 'w': its shape takes 64 bytes, its external data has 60"));
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
    both("pipe", "not a regular file");
    both("sub", "not a regular file");
    CHECK(json_error("absent.bin") == "absent");
    fs::remove(folder.file("m.onnx"));
    REQUIRE(::mkfifo(folder.file("m.onnx").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(import_onnx(folder.file("m.onnx")), Catch::Contains("is not a regular file"));
}
