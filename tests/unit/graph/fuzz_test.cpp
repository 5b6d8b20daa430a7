// Damaged models: whatever is read, the outcome is a graph that passes the check or an InputError.
#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "graph/constants.hpp"
#include "support.hpp"

using namespace infsim;
using namespace infsim::graph;

namespace {

std::string read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A few bytes overwritten, removed or repeated.
std::string damaged(std::string bytes, RandomStream& stream, const std::string& alphabet) {
    const auto edits = stream.uniform_int(1, 4);
    for (std::int64_t i = 0; i < edits && !bytes.empty(); ++i) {
        const auto at = static_cast<std::size_t>(stream.uniform_int(0, static_cast<std::int64_t>(bytes.size()) - 1));
        const auto length = static_cast<std::size_t>(stream.uniform_int(1, 12));
        switch (stream.uniform_int(0, 2)) {
            case 0:
                bytes[at] = alphabet.empty() ? static_cast<char>(stream.uniform_int(0, 255))
                                             : alphabet[static_cast<std::size_t>(stream.uniform_int(
                                                   0, static_cast<std::int64_t>(alphabet.size()) - 1))];
                break;
            case 1: bytes.erase(at, length); break;
            default: bytes.insert(at, bytes.substr(at, length)); break;
        }
    }
    return bytes;
}

/// True if it was read.
bool survives(const std::string& path) {
    try {
        const auto g = load_model(path, "");
        CHECK(test::first_problem(g) == "");
        return true;
    } catch (const InputError&) {
        return false;
    }
}

int survivors(const std::string& original, const std::string& name, const std::string& alphabet, int rounds) {
    const test::TempFolder folder;
    RandomStream stream(1, name);
    int read = 0;
    for (int i = 0; i < rounds; ++i) {
        const auto bytes = damaged(original, stream, alphabet);
        test::write_bytes(folder.file(name), bytes);
        INFO("round " << i);
        read += survives(folder.file(name)) ? 1 : 0;
    }
    return read;
}

std::string small_onnx() {
    test::OnnxModel m;
    m.input("x", {2, 3, 4, 4})
        .output("y")
        .fill("w", {3, 3, 3, 3}, 1)
        .fill("p", {3}, 1)
        .integers("s", {2, -1})
        .integers("a", {1});
    auto& conv = m.node("Conv", {"x", "w"}, {"c"});
    test::set(conv, "pads", test::Ints{1, 1, 1, 1});
    m.node("BatchNormalization", {"c", "p", "p", "p", "p"}, {"n"});
    test::set(m.node("MaxPool", {"n"}, {"m"}), "kernel_shape", test::Ints{2, 2});
    m.node("Shape", {"m"}, {"shape"});
    m.node("Reshape", {"m", "s"}, {"r"});
    test::set(m.node("Transpose", {"r"}, {"t"}), "perm", test::Ints{1, 0});
    m.node("MatMul", {"r", "t"}, {"q"});
    m.node("Slice", {"q", "a", "a", "a"}, {"sl"});
    m.node("ReduceSum", {"q", "a"}, {"rs"});
    m.node("Softmax", {"rs"}, {"y"});
    return m.model.SerializeAsString();
}

}  // namespace

TEST_CASE("damaged ONNX files are read or refused") { CHECK(survivors(small_onnx(), "m.onnx", "", 400) > 0); }

TEST_CASE("damaged graph texts are read or refused") {
    for (const char* name : {"three_layers", "attention_block"}) {
        const auto text = read_bytes(test::models_folder() + "/" + name + "/" + name + ".json");
        CHECK(survivors(text, "m.json", "0123456789-\"[]{},:.enulx_", 400) > 0);
    }
}
