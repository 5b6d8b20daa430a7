// Networks at the edge: larger than memory, smaller than a filter, wider than a PSUM bank, longer than 16 bits.
#include <set>

#include "checks.hpp"
#include "support/verified.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;
using compiler::DoesNotFit;
using graph::Op;

namespace {

hw::ChipSpec chip_with(std::int64_t partition_bytes) {
    hw::ChipSpec chip = default_chip();
    chip.state_buffer.partition_bytes = Bytes{partition_bytes};
    return chip;
}

DoesNotFit refusal(const graph::Graph& graph, int batch, const hw::ChipSpec& chip, const CompileOptions& options = {},
                   DType dtype = DType::fp16) {
    auto result = compiler::compile(graph, chip, batch, dtype, dtype, options, test::verified());
    REQUIRE(std::holds_alternative<DoesNotFit>(result));
    return std::get<DoesNotFit>(result);
}

}  // namespace

TEST_CASE("without spilling one image that is larger than the state buffer is refused with its layer and bytes") {
    Net net;
    const TensorId x = net.input({1, 64, 40, 40});
    const auto graph = net.finish({net.relu(net.relu(x))});
    CompileOptions resident;
    resident.spill = false;
    const DoesNotFit no = refusal(graph, 1, chip_with(2048), resident);
    CHECK(no.wanted_bytes == 2 * 40 * 40 * 2);
    CHECK(no.resource == "state buffer");
    CHECK(no.layer == "relu0");
    CHECK(no.available_bytes == 2048);
    CHECK(no.tensors.at(0).bytes == 40 * 40 * 2);
}

TEST_CASE("one image that is larger than the state buffer is spilled band by band") {
    Net net;
    TensorId x = net.relu(net.conv(net.input({1, 3, 40, 40}), 64, Window::square(3, 1, 1)));
    x = net.add(net.max_pool(net.conv(x, 64, Window::square(3, 1, 1)), Window::square(3, 1, 1)), x);
    const auto graph = net.finish({net.max_pool(net.relu(x), Window::square(3, 2, 1)), x});
    const Data d = make_data(graph, 2, 7, Numbers::small_integers);
    CompileOptions options;
    options.stream_stem = false;
    const auto whole = checked(graph, default_chip(), 2, options);
    const auto banded = checked(graph, chip_with(12 * 1024), 2, options, DType::fp32, DType::fp16);
    REQUIRE(whole.has_value());
    REQUIRE(banded.has_value());
    CHECK(banded->memory.spill_save_bytes > 0);
    CHECK(banded->memory.peak_bytes <=
          12 * 1024);  // an image of 64 x 40 x 40 has 6,400 bytes per partition, three are live at once
    CHECK(difference(run(graph, banded->program, d), run(graph, whole->program, d)) == 0);
    const auto narrow = checked(graph, chip_with(5 * 1024), 2, options);
    REQUIRE(narrow.has_value());
    CHECK(difference(run(graph, narrow->program, d), run(graph, whole->program, d)) == 0);
}

TEST_CASE("weights of 64 outputs that are larger than the state buffer arrive in parts") {
    Net net;
    const TensorId x = net.input({1, 128, 7, 7});
    const auto graph = net.finish({net.conv(net.conv(x, 64, Window::square(1)), 70, Window::square(7, 1, 3))});
    for (const int batch : {1, 3}) check_computes(graph, batch, {}, chip_with(4096));
    CompileOptions unbatched;
    unbatched.batching = false;
    check_computes(graph, 2, unbatched, chip_with(4096));
    CompileOptions whole;
    whole.weights_in_parts = false;
    CHECK(refusal(graph, 1, chip_with(4096), whole).layer == "conv1");
}

TEST_CASE("weights of more than 65535 elements per partition arrive in parts") {
    Net net;
    const TensorId x = net.input({1, 3, 32, 32});
    const auto graph = net.finish({net.relu(net.conv(x, 64, Window::square(32)))});  // 32 * 32 * 64 elements
    check_computes(graph, 2);
}

TEST_CASE("a part of the weights that no plan can do without is refused with its layer and bytes") {
    Net net;
    const auto graph = net.finish({net.conv(net.input({1, 128, 7, 7}), 64, Window::square(3))});
    const DoesNotFit no = refusal(graph, 1, chip_with(64));
    CHECK(no.layer == "conv0");
    CHECK(no.available_bytes == 64);
}

TEST_CASE("a plane of more than 65535 elements is computed where memory allows") {
    Net net;
    const TensorId x = net.input({1, 1, 300, 300});  // 90,000 elements
    const auto graph = net.finish({net.max_pool(net.unary(Op::abs, x), Window::square(4, 4))});
    check_computes(graph, 1, {}, chip_with(1 << 20));
}

TEST_CASE("a plane of more than 65535 elements in another type than it is computed in") {
    Net net;
    const TensorId x = net.input({1, 2, 300, 300});
    const auto graph = net.finish({net.unary(Op::abs, x)});
    const auto c = checked(graph, chip_with(1 << 21), 1, {}, DType::fp16, DType::fp32);
    REQUIRE(c.has_value());
    const Data data = make_data(graph, 1, 7, Numbers::small_integers);
    Reference reference(graph, data.constants);
    CHECK(difference(run(graph, c->program, data)[0][0], reference.run(data.inputs[0])[0].values) == 0);
}

TEST_CASE("a step of more than 65535 elements is an input error that names the layer, never wrapped around") {
    Net net;
    const TensorId x = net.input({1, 1, 6, 40000});
    const auto graph = net.finish({net.max_pool(net.unary(Op::abs, x), {2, 2, 2, 2, {0, 0, 0, 0}, 1, 1})});
    CHECK_THROWS_WITH(compiler::compile(graph, chip_with(4 << 20), 1, DType::fp32, DType::fp32, {}),
                      Catch::Contains("layer maxpool1") && Catch::Contains("80000"));
}

TEST_CASE("kernels larger than the input, all of whose other taps lie in the padding") {
    Net net;
    TensorId x = net.input({1, 3, 2, 3});
    x = net.relu(net.conv(x, 70, {5, 7, 1, 1, {3, 3, 1, 3}, 1, 1}));
    x = net.average_pool(x, {5, 3, 1, 2, {3, 1, 3, 2}, 1, 1});
    check_computes(net.finish({net.conv(x, 5, {3, 3, 2, 2, {2, 2, 2, 2}, 2, 2})}), 3);
}

TEST_CASE("a replicated filter that reaches below the input in every row") {
    Net net;
    check_computes(net.finish({net.conv(net.input({1, 3, 2, 4}), 65, {2, 1, 2, 3, {0, 0, 1, 0}, 2, 1})}), 3);
}

TEST_CASE("inputs of a single element") {
    Net net;
    TensorId x = net.input({1, 1, 1, 1});
    x = net.conv(x, 130, Window::square(3, 1, 1));
    x = net.max_pool(net.relu(x), Window::square(3, 2, 1));
    check_computes(net.finish({net.dense(net.flatten(x), 65)}), 4);
}

TEST_CASE("images wider than a PSUM bank are tiled by columns") {
    Net net;
    TensorId x = net.input({1, 3, 4, 1200});
    x = net.relu(net.conv(x, 20, {3, 3, 1, 1, {1, 1, 1, 1}, 1, 1}));
    x = net.lrn(x, 3);
    const TensorId y = net.conv(x, 20, {3, 5, 1, 1, {1, 2, 1, 2}, 1, 1});
    check_computes(net.finish({net.relu(net.add(y, x))}), 2);
}

TEST_CASE("long rows of tokens are tiled by columns in every layer of an attention block") {
    Net net;
    const TensorId in = net.input({1, 530, 32});
    const TensorId x = net.layer_norm(in);
    const TensorId q = net.reshape(net.project(x, 32), {1, 530, 1, 32}),
                   k = net.reshape(net.project(x, 32), {1, 530, 1, 32}),
                   v = net.reshape(net.project(x, 32), {1, 530, 1, 32});
    const TensorId scores =
        net.softmax(net.binary(Op::matmul, net.transpose(q, {0, 2, 1, 3}), net.transpose(k, {0, 2, 3, 1})), 3);
    const TensorId y = net.transpose(net.binary(Op::matmul, scores, net.transpose(v, {0, 2, 1, 3})), {0, 2, 1, 3});
    check_computes(net.finish({net.add(in, net.project(net.reshape(y, {1, 530, 32}), 32))}), 1);
}

TEST_CASE("a batch of 64") {
    Net net;
    TensorId x = net.input({1, 3, 9, 9});
    x = net.max_pool(net.relu(net.conv(x, 48, Window::square(3, 1, 1))), Window::square(3, 2, 1));
    x = net.dense(net.flatten(net.unary(Op::global_average_pool, bottleneck(net, x, 16, 2, true, true))), 10);
    const auto graph = net.finish({x});
    check_computes(graph, 64);
    CompileOptions one_by_one;
    one_by_one.batching = false;
    check_computes(graph, 64, one_by_one);
}

TEST_CASE("a graph output in the middle of the stem is stored whole") {
    Net net;
    const TensorId x = net.conv(net.conv(net.input({1, 3, 20, 20}), 8, Window::square(3)), 8, Window::square(3));
    check_computes(net.finish({x, net.max_pool(x, Window::square(2, 2))}), 2);
}

TEST_CASE("a state buffer whose size is no multiple of an element is used up to the last whole one") {
    Net net;
    const TensorId x = net.conv(net.input({1, 3, 20, 20}), 8, Window::square(3));
    check_computes(net.finish({net.relu(net.conv(x, 8, Window::square(3)))}), 2, {}, chip_with(8191));
}

TEST_CASE("an input that two branches read and a convolution of an input without rows") {
    Net net;
    const TensorId x = net.input({1, 48, 1, 33});
    const TensorId a = net.conv(x, 70, {1, 3, 1, 1, {0, 1, 0, 1}, 1, 1}), b = net.conv(x, 70, Window::square(1));
    check_computes(net.finish({net.add(a, b), net.binary(Op::mul, a, b)}), 3);
}

TEST_CASE("wrong options are input errors that name what is wrong, all at once") {
    Net net;
    const auto graph = net.finish({net.conv(net.input({1, 3, 8, 8}), 8, Window::square(3))});
    CompileOptions o;
    o.psum_banks_per_load = 0;
    o.slab_bytes = 0;
    o.small_image_elements = -1;
    o.state_buffer_budget = -5;
    o.stem_stripe_rows = 0;
    o.prefetch_depth = 0;
    o.weights_region = 2;
    o.weight_regions = 3;
    o.activations_region = -1;
    o.skip_passes = {"order", "place"};
    try {
        compiler::compile(graph, default_chip(), 1, DType::fp16, DType::fp16, o);
        FAIL("accepted");
    } catch (const InputError& e) {
        std::set<std::string> named;
        for (const Problem& p : e.problems()) named.insert(p.where);
        CHECK(named == std::set<std::string>{"psum_banks_per_load", "slab_bytes", "small_image_elements",
                                             "state_buffer_budget", "stem_stripe_rows", "prefetch_depth",
                                             "weights_region", "weight_regions", "activations_region", "skip_passes"});
    }
    CHECK_THROWS_AS(compiler::compile(graph, default_chip(), 0, DType::fp16, DType::fp16, {}), InputError);
    CHECK_THROWS_AS(compiler::compile(graph, default_chip(), 1, DType::i32, DType::fp16, {}), InputError);
}

TEST_CASE("segments that do not fit into device DRAM are refused as such") {
    Net net;
    const auto graph = net.finish({net.dense(net.input({1, 512}), 512)});
    hw::ChipSpec chip = default_chip();
    chip.dram.capacity = Bytes{chip.dram.channels * chip.cores * 1024 * std::int64_t{256}};  // 256 KiB in each region
    const DoesNotFit no = refusal(graph, 1, chip);
    CHECK(no.resource == "device DRAM");
    CHECK(no.wanted_bytes > no.available_bytes);
    CHECK(no.available_bytes == 256 * 1024);
}
