// Networks that no direct way serves, with data: chains that fall apart, convolutions over three axes or by computed
// weights, gathers by computed indices, planes larger than a partition.
#include "checks.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;
using graph::Op;
using graph::Shape;
using Ints = std::vector<std::int64_t>;

namespace {

hw::ChipSpec chip_with(std::int64_t partition_bytes) {
    hw::ChipSpec chip = default_chip();
    chip.state_buffer.partition_bytes = Bytes{partition_bytes};
    return chip;
}

/// Strides, dilations and pads of a convolution over any axes.
struct Filter {
    Ints strides, dilations, pads;
    std::int64_t groups = 1;
};

TensorId conv(Net& net, const std::vector<TensorId>& inputs, const Filter& f) {
    const Shape& w = net.shape(inputs[1]);
    return net.op(Op::conv, inputs,
                  {{"kernel_shape", Ints(w.begin() + 2, w.end())},
                   {"strides", f.strides},
                   {"dilations", f.dilations},
                   {"pads", f.pads},
                   {"group", f.groups}});
}

/// The same numbers in a state buffer of this size as in the usual one.
void check_alike(const graph::Graph& graph, int batch, std::int64_t partition_bytes) {
    const Data data = make_data(graph, batch, 7, Numbers::small_integers);
    const auto usual = checked(graph, chip_with(4 << 20), batch, {});
    const auto tight = checked(graph, chip_with(partition_bytes), batch, {});
    REQUIRE(usual.has_value());
    REQUIRE(tight.has_value());
    CHECK(difference(run(graph, tight->program, data), run(graph, usual->program, data)) == 0);
}

}  // namespace

TEST_CASE("a ReLU behind a dense layer of a flattened image of one channel", "[general_ways]") {
    Net net;
    const TensorId x = net.flatten(net.input({1, 1, 9, 7}));
    check_computes(net.finish({net.dense(net.relu(net.dense(x, 20)), 5)}), 3);
}

TEST_CASE("a residual sum around a concatenation, with a ReLU and without", "[general_ways]") {
    for (const bool relu : {true, false}) {
        Net net;
        const TensorId x = net.input({1, 8, 6, 6});
        const TensorId parts = net.concat({net.conv(x, 24, Window::square(1)), net.conv(x, 112, Window::square(1))});
        const TensorId sum = net.add(net.conv(parts, 136, Window::square(3, 1, 1)), parts);
        check_computes(net.finish({relu ? net.relu(sum) : sum}), 3);
    }
}

TEST_CASE("a Gelu behind a product of three axes of tokens", "[general_ways]") {
    Net net;
    const TensorId x = net.reshape(net.input({1, 6, 10}), {1, 2, 3, 10});
    check_computes(net.finish({net.unary(Op::gelu, net.project(x, 7))}), 2);
}

TEST_CASE("a transposed convolution in one group and in several, of many channels as well", "[general_ways]") {
    for (const auto& [channels, per_group, groups] : {std::array{6, 5, 1}, std::array{6, 5, 2}, std::array{12, 1, 12},
                                                      std::array{136, 68, 2}, std::array{200, 3, 8}}) {
        Net net;
        const TensorId w = net.constant({channels, per_group, 3, 2});
        const TensorId y = net.op(Op::conv_transpose, {net.input({1, channels, 4, 3}), w},
                                  {{"kernel_shape", Ints{3, 2}},
                                   {"strides", Ints{2, 2}},
                                   {"dilations", Ints{1, 2}},
                                   {"pads", Ints{1, 0, 0, 1}},
                                   {"group", std::int64_t{groups}},
                                   {"output_padding", Ints{0, 0}}});
        INFO(channels << " channels in " << groups << " groups");
        check_computes(net.finish({y}), 2);
    }
}

TEST_CASE("one number for every channel of products of an image with its channels last", "[general_ways]") {
    for (const std::int64_t width : {7, 100}) {  // a slot for every row of tokens, and two of them
        Net net;
        const TensorId pixels = net.transpose(net.relu(net.input({1, 10, 2, 3})), {0, 2, 3, 1});
        const TensorId x = net.project(net.layer_norm(pixels), width);
        const TensorId y = net.binary(Op::mul, net.add(net.constant({width}), x), net.constant({1, 1, 1, width}));
        check_computes(net.finish({y}), 2);
    }
}

TEST_CASE("attention scores of windows whose heads are an axis of their own", "[general_ways]") {
    for (const std::int64_t tokens : {5, 70}) {  // a slot for the rows of a head's scores, and two of them
        Net net;
        const TensorId x = net.input({1, 2 * tokens, 12});
        const auto heads = [&](const Ints& perm) {
            return net.transpose(net.reshape(net.project(x, 12), {2, tokens, 3, 4}), perm);
        };
        TensorId scores = net.binary(Op::matmul, heads({0, 2, 1, 3}), heads({0, 2, 3, 1}));
        scores = net.reshape(net.add(scores, net.constant({1, 3, tokens, tokens})), {1, 2, 3, tokens, tokens});
        scores = net.add(scores, net.constant({1, 2, 1, tokens, tokens}));
        const TensorId weights = net.softmax(net.reshape(scores, {2, 3, tokens, tokens}), 3);
        const TensorId mixed = net.transpose(net.binary(Op::matmul, weights, heads({0, 2, 1, 3})), {0, 2, 1, 3});
        check_computes(
            net.finish({net.reshape(weights, {1, 6 * tokens, tokens}), net.reshape(mixed, {1, 2 * tokens, 12})}), 2);
    }
}

TEST_CASE("a convolution over three axes", "[general_ways]") {
    const Filter filters[] = {{{1, 1, 1}, {1, 1, 1}, {1, 1, 1, 1, 1, 1}, 1},
                              {{1, 2, 2}, {1, 1, 1}, {1, 3, 0, 1, 3, 2}, 1},
                              {{2, 1, 3}, {1, 2, 1}, {0, 0, 0, 1, 1, 0}, 2},
                              {{1, 1, 1}, {2, 1, 2}, {3, 0, 1, 0, 2, 1}, 4}};
    for (const Filter& f : filters) {
        Net net;
        const TensorId x = net.input({1, 8, 5, 7, 9}), w = net.constant({12, 8 / f.groups, 3, 3, 2});
        const auto graph = net.finish({net.relu(conv(net, {x, w, net.constant({12})}, f))});
        for (const int batch : {1, 3}) check_computes(graph, batch);
    }
}

TEST_CASE("blocks of convolutions over three axes with a residual sum, in bands where there is little room",
          "[general_ways]") {
    Net net;
    const Filter same{{1, 1, 1}, {1, 1, 1}, {1, 1, 1, 1, 1, 1}, 1};
    const TensorId x = net.relu(conv(net, {net.input({1, 3, 4, 48, 48}), net.constant({8, 3, 3, 3, 3})}, same));
    const TensorId y = net.relu(net.add(conv(net, {x, net.constant({8, 8, 3, 3, 3})}, same), x));
    const auto graph = net.finish({y});
    check_computes(graph, 2);
    check_computes(graph, 1, {}, chip_with(32 * 1024));  // 36,864 bytes of fp32
}

TEST_CASE("a convolution of several images in one tensor", "[general_ways]") {
    Net net;
    const TensorId x = net.reshape(net.input({1, 3, 20, 8}), {5, 4, 3, 8});
    const TensorId y = net.conv(x, 6, {3, 2, 2, 1, {1, 0, 1, 1}, 1, 1});
    check_computes(net.finish({y}), 1);
    Net rows;  // of one axis
    const TensorId z = rows.reshape(rows.input({1, 3, 20, 8}), {5, 4, 24});
    check_computes(rows.finish({conv(rows, {z, rows.constant({6, 4, 3})}, {{2}, {1}, {1, 1}, 1})}), 1);
}

TEST_CASE("a convolution by computed weights, in groups and padded, with a bias that is computed or not",
          "[general_ways]") {
    for (const std::int64_t groups : {1, 2})
        for (const bool computed_bias : {false, true}) {
            Net net;
            const TensorId x = net.input({1, 4, 6, 7}, "x"), seed = net.input({1, 240}, "seed");
            const TensorId w = net.reshape(net.unary(Op::tanh, seed), {10 * groups, 4 / groups, 3, 2});
            const TensorId bias = net.reshape(net.input({1, 10 * groups}, "b"), {10 * groups});
            const Filter f{{2, 1}, {1, 1}, {1, 0, 1, 1}, groups};
            check_computes(
                net.finish({net.relu(conv(net, {x, w, computed_bias ? bias : net.constant({10 * groups})}, f))}), 1);
        }
}

TEST_CASE("a gather by computed indices picks entries, counted from the front or from the back", "[general_ways]") {
    Net net;
    const TensorId x = net.input({1, 6, 4}, "x"), ids = net.ids(3);
    const TensorId back = net.op(Op::sub, {ids, net.op(Op::cast, {net.number(6)}, {{"to", std::string("i64")}})});
    const auto graph = net.finish({net.op(Op::gather, {x, ids}, {{"axis", std::int64_t{1}}}),
                                   net.op(Op::gather, {x, back}, {{"axis", std::int64_t{1}}})});
    const auto c = checked(graph, default_chip(), 1, {});
    REQUIRE(c.has_value());
    const Data data = make_data(graph, 1, 7, Numbers::real);
    const Outputs outputs = run(graph, c->program, data);
    for (std::size_t image = 0; image < 1; ++image)
        for (std::size_t o = 0; o < 2; ++o)
            for (std::size_t i = 0; i < 12; ++i) {
                const auto entry = static_cast<std::size_t>(data.inputs[image][1][i / 4]);
                CHECK(outputs[image][o][i] == Approx(data.inputs[image][0][entry * 4 + i % 4]).margin(1e-5));
            }
}

namespace {

TensorId resized(Net& net, TensorId x, const std::string& mode, double by) {
    const auto grown = [&](std::size_t axis) { return net.shape(x)[axis] * static_cast<std::int64_t>(by); };
    return net.op(Op::resize, {x},
                  {{"scales", std::vector<double>{1, 1, by, by}},
                   {"sizes", Ints{1, net.shape(x)[1], grown(2), grown(3)}},
                   {"roi", std::vector<double>{}},
                   {"mode", mode},
                   {"coordinate_transformation_mode", std::string("half_pixel")},
                   {"nearest_mode", std::string("round_prefer_floor")},
                   {"cubic_coeff_a", -0.75},
                   {"exclude_outside", std::int64_t{0}},
                   {"extrapolation_value", 0.0}});
}

}  // namespace

TEST_CASE("planes that are larger than a partition are resized, padded, added and concatenated in bands",
          "[general_ways]") {
    for (const char* mode : {"nearest", "linear"}) {
        Net net;
        const TensorId x = net.relu(net.conv(net.input({1, 3, 20, 20}), 8, Window::square(3, 1, 1)));
        const TensorId up = resized(net, x, mode, 2), wide = net.conv(up, 8, Window::square(3, 1, 1));
        const TensorId both = net.concat({wide, up});
        const auto graph = net.finish({net.relu(net.conv(both, 5, Window::square(1))), net.add(up, wide)});
        for (const int batch : {1, 2}) check_alike(graph, batch, 5 * 1024);  // a plane of 40 x 40 fp32 has 6,400 bytes
    }
}

TEST_CASE("a plane of more than 65535 elements is resized and convolved in bands", "[general_ways]") {
    Net net;
    const TensorId up = resized(net, net.input({1, 2, 130, 130}), "nearest", 2);
    const auto graph = net.finish({net.conv(up, 3, Window::square(3, 1, 1))});
    check_alike(graph, 1, 96 * 1024);
}

TEST_CASE("a plane that is normalised and reduced in bands", "[general_ways]") {
    Net net;
    const TensorId x = net.relu(net.conv(net.input({1, 3, 96, 100}), 6, Window::square(3, 1, 1)));
    const TensorId norm = net.op(Op::instance_norm, {x, net.constant({6}), net.constant({6})}, {{"epsilon", 1e-5}});
    const auto graph = net.finish({net.conv(norm, 4, Window::square(3, 1, 1))});
    const Data data = make_data(graph, 1, 7, Numbers::real);
    const auto usual = checked(graph, chip_with(4 << 20), 1, {});
    const auto tight = checked(graph, chip_with(24 * 1024), 1, {});  // a plane of fp32 has 38,400 bytes
    REQUIRE(usual.has_value());
    REQUIRE(tight.has_value());
    CHECK(difference(run(graph, tight->program, data), run(graph, usual->program, data)) <= 1e-4);
}

TEST_CASE("windows that are higher than what fits are pooled band by band", "[general_ways]") {
    for (const Op op : {Op::global_average_pool, Op::global_max_pool}) {
        Net net;
        const TensorId x = net.input({1, 130, 24, 50});
        const TensorId all = net.concat({net.relu(net.conv(x, 61, Window::square(1))), x});
        const auto graph = net.finish({net.unary(op, all)});
        for (const int batch : {1, 2}) check_computes(graph, batch, {}, chip_with(8 * 1024));  // a plane: 4,800 bytes
    }
    Net net;
    const TensorId x = net.relu(net.conv(net.input({1, 3, 40, 30}), 70, Window::square(3, 1, 1)));
    const Window high{29, 4, 2, 3, {5, 1, 7, 2}, 1, 1};
    const auto graph = net.finish({net.max_pool(x, high), net.average_pool(x, high), net.average_pool(x, high, true)});
    for (const int batch : {1, 2}) check_computes(graph, batch, {}, chip_with(4 * 1024));
}

TEST_CASE("an image that is larger than a partition is normalised across its channels band by band", "[general_ways]") {
    Net net;
    const TensorId x = net.relu(net.conv(net.input({1, 3, 30, 40}), 130, Window::square(3, 1, 1)));
    const auto graph = net.finish({net.conv(net.lrn(x, 5), 4, Window::square(3, 1, 1))});
    for (const int batch : {1, 2}) check_computes(graph, batch, {}, chip_with(16 * 1024));  // a plane of fp32: 4,800
}

TEST_CASE("tensors of five axes that are larger than a partition are added in bands", "[general_ways]") {
    Net net;
    const TensorId x = net.input({1, 5, 4, 60, 50}, "x"), y = net.input({1, 5, 4, 60, 50}, "y");
    const auto graph = net.finish({net.relu(net.add(x, net.relu(y)))});
    check_computes(graph, 2, {}, chip_with(32 * 1024));  // 48,000 bytes of fp32
}

TEST_CASE("signals and rows of more than 65535 elements, in bands", "[general_ways]") {
    constexpr std::int64_t kSamples = 70'000;
    const auto conv_over = [](Net& net, TensorId x, std::int64_t outputs, std::int64_t stride) {
        return conv(net, {x, net.constant({outputs, net.shape(x)[1], 5})}, {{stride}, {1}, {2, 2}});
    };
    SECTION("convolutions over a long signal and what is left of it") {
        Net net;
        const TensorId x = net.relu(conv_over(net, net.input({1, 1, kSamples}), 8, 5));
        check_computes(net.finish({conv_over(net, x, 4, 4)}), 2);
    }
    SECTION("element by element, of a signal") {
        Net net;
        const TensorId x = net.input({1, 3, kSamples});
        check_computes(net.finish({net.add(net.unary(Op::abs, x), x)}), 2);
    }
    SECTION("tokens") {
        Net net;
        check_computes(net.finish({net.relu(net.input({1, kSamples, 4}))}), 1);
    }
    SECTION("a softmax of very many tokens") {
        Net net;
        const TensorId x = net.input({1, kSamples, 20});
        check_computes(net.finish({net.op(Op::softmax, {x}, {{"axis", std::int64_t{2}}})}), 1);
    }
    SECTION("a softmax over the channels of a large image") {
        Net net;
        const TensorId x = net.input({1, 5, 300, 300});
        const TensorId y = net.op(Op::softmax, {x}, {{"axis", std::int64_t{1}}});
        check_computes(net.finish({y}), 1);
    }
    SECTION("an image of very many short rows") {
        Net net;
        const auto graph = net.finish({net.max_pool(net.relu(net.input({1, 4, kSamples, 2})), Window::square(2, 2))});
        check_computes(graph, 1);
        compiler::CompileOptions search;  // tries the image without bands first: that it has no plan is no input error
        search.search_sections = search.search_only_tight = true;
        check_computes(graph, 1, search);
    }
}
