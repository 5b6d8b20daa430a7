#include <algorithm>
#include <filesystem>
#include <set>

#include <catch2/catch.hpp>

#include "base/elements.hpp"
#include "exec/segments.hpp"
#include "flow/run/item_order.hpp"
#include "flow/run/run_data.hpp"
#include "flow/run/run_point.hpp"
#include "support/graphs.hpp"
#include "support/run_data.hpp"
#include "support/temp_folder.hpp"
#include "tensorio/npy.hpp"
#include "tensorio/tensor_proto.hpp"

using namespace infsim;
using namespace infsim::flow;
using program::Purpose;
using tensorio::Array;
using tensorio::NamedArray;

namespace {

Point point_of(graph::Graph graph, int batch) {
    Point p;
    p.model_name = "net.json";
    p.graph = std::move(graph);
    p.chip = test::default_chip();
    p.batch = batch;
    return p;
}

/// Words {1, 4} looked up in a table, and a picture through a dense layer: two inputs, two outputs.
Point two_inputs(int batch) {
    test::Net net;
    const auto words = net.ids(4, "words"), features = net.input({1, 8}, "features");
    const auto embedded = net.embedding(words, 10, 16), dense = net.dense(features, 5);
    return point_of(net.finish({embedded, dense}), batch);
}

DataSource from_file(const std::string& path) {
    DataSource source;
    source.file = path;
    source.random_weights = 1;
    return source;
}
DataSource from_seed(std::uint64_t seed, std::optional<std::uint64_t> weights = 1) {
    DataSource source;
    source.random_inputs = seed;
    source.random_weights = weights;
    return source;
}

Array words(int batch, DType dtype = DType::i64) {
    return tensorio::from_floats(dtype, {batch, 4}, std::vector<float>(static_cast<std::size_t>(4 * batch), 1));
}
Array features(int batch, DType dtype = DType::fp32) {
    std::vector<float> values(static_cast<std::size_t>(8 * batch));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return tensorio::from_floats(dtype, {batch, 8}, values);
}

std::string refusal(const Point& point, const std::vector<NamedArray>& arrays) {
    const test::TempFolder folder;
    tensorio::write_npz(folder.file("in.npz"), arrays);
    try {
        read_inputs(point, from_file(folder.file("in.npz")));
    } catch (const InputError& e) {
        return e.what();
    }
    FAIL("the inputs were taken");
    return {};
}

program::Program compiled(const Point& point) {
    auto result = compile_point(point);
    REQUIRE(std::holds_alternative<compiler::Compiled>(result));
    return std::move(std::get<compiler::Compiled>(result).program);
}

std::size_t segment_named(const program::Program& program, Purpose purpose, const std::string& name) {
    for (std::size_t s = 0; s < program.segments.size(); ++s)
        if (program.segments[s].purpose == purpose && program.segments[s].name == name) return s;
    FAIL("no segment " + name);
    return 0;
}

}  // namespace

TEST_CASE("files have the batch in front, in place of the graph's leading one") {
    const Point p = two_inputs(3);
    CHECK(batch_shape(p.graph, p.graph.inputs[0], 3) == std::vector<std::int64_t>{3, 4});
    CHECK(batch_shape(p.graph, p.graph.inputs[1], 1) == std::vector<std::int64_t>{1, 8});
    CHECK(batch_shape(p.graph, p.graph.outputs[0], 3) == std::vector<std::int64_t>{3, 4, 16});
    graph::Graph whole = p.graph;
    whole.batchable = false;
    CHECK(batch_shape(whole, whole.inputs[1], 1) == std::vector<std::int64_t>{1, 8});
}

TEST_CASE("inputs are taken by name, in any order, in any floating-point type") {
    const test::TempFolder folder;
    const Point p = two_inputs(2);
    tensorio::write_npz(folder.file("in.npz"), {{"features", features(2, DType::fp64)}, {"words", words(2)}});
    const Inputs inputs = read_inputs(p, from_file(folder.file("in.npz")));
    REQUIRE(inputs.arrays.size() == 2);
    CHECK(inputs.arrays[0].dtype == DType::i64);
    CHECK(tensorio::to_floats(inputs.arrays[1]) == tensorio::to_floats(features(2)));
    CHECK(inputs.random_weights == 1U);
}

TEST_CASE("everything wrong with the inputs is in one report") {
    const Point p = two_inputs(2);
    const std::string report = refusal(
        p, {{"word", words(2)}, {"features", tensorio::from_floats(DType::i32, {2, 4}, std::vector<float>(8))}});
    CHECK_THAT(report, Catch::Contains("in.npz") &&
                           Catch::Contains("'words': is an input of the model and is missing; its "
                                           "shape is [2,4]") &&
                           Catch::Contains("'features': has shape [2,4] and must have [2,8] at batch 2") &&
                           Catch::Contains("'features': has elements of type i32") &&
                           Catch::Contains("'word': is not an input of the model"));
    CHECK_THAT(refusal(p, {{"words", words(2, DType::i32)}, {"features", features(2)}}),
               Catch::Contains("'words': has elements of type i32 and must have i64"));
    CHECK_THAT(refusal(p, {{"words", words(1)}, {"features", features(2)}}),
               Catch::Contains("must have [2,4] at batch 2"));
}

TEST_CASE("a TensorProto is the input of a model with one") {
    const test::TempFolder folder;
    test::Net net;
    const auto x = net.input({1, 8}, "features");
    const Point one = point_of(net.finish({net.dense(x, 5)}), 2);
    for (const char* name : {"features", ""}) {  // a file without a name means the only input
        tensorio::write_tensor_proto(folder.file("in.pb"), {name, features(2)});
        CHECK(read_inputs(one, from_file(folder.file("in.pb"))).arrays.at(0).bytes == features(2).bytes);
    }
    tensorio::write_tensor_proto(folder.file("in.pb"), {"other", features(2)});
    CHECK_THROWS_WITH(read_inputs(one, from_file(folder.file("in.pb"))), Catch::Contains("'features'"));
    CHECK_THROWS_WITH(read_inputs(two_inputs(2), from_file(folder.file("in.pb"))),
                      Catch::Contains("the model has 2 inputs"));
    CHECK_THROWS_WITH(read_inputs(one, from_file(folder.file("in.txt"))), Catch::Contains(".npz or .pb"));
}

TEST_CASE("random inputs depend on seed, name and item, and not on the batch") {
    const Point one = two_inputs(1), three = two_inputs(3);
    const Inputs a = read_inputs(one, from_seed(1)), b = read_inputs(three, from_seed(1)),
                 c = read_inputs(one, from_seed(2));
    for (std::size_t i = 0; i < 2; ++i) {
        const auto &small = a.arrays[i].bytes, &large = b.arrays[i].bytes;
        REQUIRE(large.size() == 3 * small.size());
        CHECK(std::equal(small.begin(), small.end(), large.begin()));
    }
    CHECK(a.arrays[1].bytes != c.arrays[1].bytes);
    for (float word : tensorio::to_floats(b.arrays[0])) CHECK((word == 0 || word == 1));
    const auto values = tensorio::to_floats(b.arrays[1]);
    CHECK(std::set<float>(values.begin(), values.end()).size() == values.size());
}

TEST_CASE("weights without values need a seed, and the report says so before anything is compiled") {
    CHECK_THROWS_WITH(read_inputs(two_inputs(1), from_seed(1, std::nullopt)),
                      Catch::Contains("net.json") &&
                          Catch::Contains("has no values in the model (3 tensors have none)") &&
                          Catch::Contains("--random-weights SEED"));
}

TEST_CASE("segments are filled by what they are for, and nothing else is") {
    const Point p = two_inputs(2);
    const program::Program program = compiled(p);
    const Inputs inputs = read_inputs(p, from_seed(1));
    const auto weights = weight_segments(p, program, inputs), sent = input_segments(p, program, inputs);
    REQUIRE(weights.size() == program.segments.size());
    REQUIRE(sent.size() == program.segments.size());
    int filled = 0;
    for (std::size_t s = 0; s < program.segments.size(); ++s) {
        const program::Segment& segment = program.segments[s];
        const bool constant = segment.purpose == Purpose::weights || segment.purpose == Purpose::constants;
        CHECK(static_cast<std::int64_t>(weights[s].size()) == (constant ? segment.bytes : 0));
        CHECK(static_cast<std::int64_t>(sent[s].size()) == (segment.purpose == Purpose::input ? segment.bytes : 0));
        filled += std::any_of(weights[s].begin(), weights[s].end(), [](std::byte b) { return b != std::byte{0}; });
    }
    CHECK(filled >= 2);  // the table, the dense layer
    const std::size_t s = segment_named(program, Purpose::input, "features");
    std::vector<float> half(16);
    load_elements(DType::fp16, sent[s].data(), 1, 16, half.data());
    CHECK(half == tensorio::to_floats(tensorio::converted(inputs.arrays[1], DType::fp16)));
}

TEST_CASE("outputs come in the graph's order, as fp32, with the batch in front") {
    const Point p = two_inputs(2);
    const program::Program program = compiled(p);
    chip::SegmentBytes segments(program.segments.size());
    const auto fill = [&](graph::TensorId id, float first) {
        const std::size_t s = segment_named(program, Purpose::output, p.graph.tensor(id).name);
        const auto n = exec::element_count(program.segments[s]);
        std::vector<float> values(static_cast<std::size_t>(n));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i);
        segments[s] =
            exec::fill_input(program.segments[s], DType::fp32, reinterpret_cast<const std::byte*>(values.data()), n);
    };
    fill(p.graph.outputs[0], 100);
    fill(p.graph.outputs[1], 500);
    const auto outputs = read_outputs(p, program, segments);
    REQUIRE(outputs.size() == 2);
    CHECK(outputs[0].name == p.graph.tensor(p.graph.outputs[0]).name);
    CHECK(outputs[0].array.shape == std::vector<std::int64_t>{2, 4, 16});
    CHECK(outputs[1].array.shape == std::vector<std::int64_t>{2, 5});
    CHECK(outputs[1].array.dtype == DType::fp32);
    CHECK(tensorio::to_floats(outputs[0].array).back() == 227);
    CHECK(tensorio::to_floats(outputs[1].array) ==
          std::vector<float>{500, 501, 502, 503, 504, 505, 506, 507, 508, 509});
}

TEST_CASE("outputs are written as the file's ending says") {
    const test::TempFolder folder;
    const Point p = two_inputs(1);
    const std::vector<NamedArray> two{{"a", features(1)}, {"b", words(1)}};
    check_output_path(p, folder.file("out.npz"));
    write_outputs(folder.file("out.npz"), two);
    CHECK(tensorio::read_npz(folder.file("out.npz")).at(1).array.bytes == words(1).bytes);
    write_outputs(folder.file("out.pb"), {two[0]});
    CHECK(tensorio::read_tensor_proto(folder.file("out.pb")).array.bytes == features(1).bytes);
    CHECK_THROWS_WITH(check_output_path(p, folder.file("out.pb")), Catch::Contains("the model has 2 outputs"));
    CHECK_THROWS_WITH(check_output_path(p, folder.file("out.csv")), Catch::Contains(".npz or .pb"));
    CHECK_THROWS_WITH(check_output_path(p, folder.file("nowhere/out.npz")), Catch::Contains("no such folder"));
}
