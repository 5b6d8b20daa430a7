// Damaged models: whatever is read, the outcome is a graph that passes the check or an InputError.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "graph/constants.hpp"
#include "graph/host_tail.hpp"
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

/// Ends in all operators of the host and what may stand behind them.
std::string host_onnx() {
    test::OnnxModel m;
    m.input("boxes", {2, 6, 4}).input("raw", {2, 3, 6}).output("best").output("where").output("sorted");
    m.integers("k", {2}).integers("most", {3}, true).floats("iou", {}, {0.5F}).integers("last", {2}, true);
    m.node("Relu", {"raw"}, {"scores"});
    m.node("NonMaxSuppression", {"boxes", "scores", "most", "iou"}, {"rows"});
    test::set(m.node("Gather", {"rows", "last"}, {"best"}), "axis", std::int64_t{1});
    m.node("NonZero", {"scores"}, {"found"});
    test::set(m.node("Transpose", {"found"}, {"pairs"}), "perm", test::Ints{1, 0});
    m.node("GatherND", {"scores", "pairs"}, {"where"});
    m.node("TopK", {"scores", "k"}, {"top", "places"});
    test::set(m.node("GatherElements", {"scores", "places"}, {"sorted"}), "axis", std::int64_t{2});
    return m.model.SerializeAsString();
}

/// One element out of the extents of a scalar, which has none.
std::string gather_of_nothing() {
    test::OnnxModel m;
    m.input("x", {}).output("y").integers("first", {0}).integers("rest", {-1});
    m.node("Shape", {"x"}, {"shape"});
    m.node("Gather", {"shape", "first"}, {"extent"});
    test::set(m.node("Concat", {"extent", "rest"}, {"target"}), "axis", std::int64_t{0});
    m.node("Reshape", {"x", "target"}, {"y"});
    return m.model.SerializeAsString();
}

/// What the host computes of a model that was read: results or a refusal.
void run_host(const Graph& g) {
    std::vector<HostSource> sources;
    for (const auto& source : g.host->sources) {
        const auto& list = source.input ? g.inputs : g.outputs;
        const auto found =
            std::find_if(list.begin(), list.end(), [&](TensorId id) { return g.tensor(id).name == source.tensor; });
        REQUIRE(found != list.end());
        const auto count = static_cast<std::size_t>(element_count(g.tensor(*found).shape));
        if (count > 10'000) return;
        sources.push_back({source.name, {std::vector<double>(count, 0.5)}});
    }
    try {
        const auto results = run_host_tail(*g.host, sources, 1);
        CHECK(results.size() <= g.host->results.size());
    } catch (const InputError&) {}
}

}  // namespace

TEST_CASE("an element of a list without elements is an input error") {
    const test::TempFolder folder;
    test::write_bytes(folder.file("m.onnx"), gather_of_nothing());
    CHECK_FALSE(survives(folder.file("m.onnx")));
}

TEST_CASE("damaged ONNX files with a part of the host's are read or refused, and computed or refused") {
    const test::TempFolder folder;
    RandomStream stream(2, "host");
    ImportOptions options;
    options.host_operators = {host_operators().begin(), host_operators().end()};
    int read = 0;
    for (int i = 0; i < 400; ++i) {
        test::write_bytes(folder.file("m.onnx"), i == 0 ? host_onnx() : damaged(host_onnx(), stream, ""));
        INFO("round " << i);
        try {
            const auto g = import_onnx(folder.file("m.onnx"), options);
            if (!g.host) continue;
            run_host(g);
            ++read;
        } catch (const InputError&) {
            CHECK(i > 0);
        }
    }
    CHECK(read > 5);
}

TEST_CASE("damaged ONNX files are read or refused") { CHECK(survivors(small_onnx(), "m.onnx", "", 400) > 0); }

TEST_CASE("damaged graph texts are read or refused") {
    for (const char* name : {"three_layers", "attention_block"}) {
        const auto text = read_bytes(test::models_folder() + "/" + name + "/" + name + ".json");
        CHECK(survivors(text, "m.json", "0123456789-\"[]{},:.enulx_", 400) > 0);
    }
}
