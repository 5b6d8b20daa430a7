// One network, one option changed: the same numbers, and only what the option is for is different.
#include "checks.hpp"
#include "support/verified.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::Compiled;
using compiler::CompileOptions;
using program::Purpose;

namespace {

/// A stem, a stage with a projection and a stage with a stride: ResNet-50 in small.
graph::Graph small_resnet() {
    Net net("small resnet");
    TensorId x = net.input({1, 3, 41, 37});
    x = net.max_pool(net.relu(net.conv(x, 64, Window::square(7, 2, 3))), Window::square(3, 2, 1));
    x = bottleneck(net, x, 16, 1, true, true);
    x = bottleneck(net, x, 16, 1, true, false);
    x = bottleneck(net, x, 32, 2, true, true);
    x = net.dense(net.flatten(net.unary(graph::Op::global_max_pool, x)), 10);
    return net.finish({x});
}

std::int64_t weight_bytes_read(const program::Program& p) {
    std::int64_t bytes = 0;
    for (const auto& queue : p.queues)
        for (const auto& in : queue.instructions)
            if (const auto* load = std::get_if<program::DmaLoad>(&in.op);
                load && p.segments[load->src.segment].purpose == Purpose::weights)
                bytes += program::total_bytes(load->dst);
    return bytes;
}

std::int64_t weight_bytes_stored(const program::Program& p) {
    std::int64_t bytes = 0;
    for (const auto& s : p.segments)
        if (s.purpose == Purpose::weights) bytes += s.bytes;
    return bytes;
}

Compiled with(const CompileOptions& options, int batch = 3) {
    auto c = checked(small_resnet(), default_chip(), batch, options);
    REQUIRE(c.has_value());
    return std::move(*c);
}

const Data& data() {
    static const Data values = make_data(small_resnet(), 3, 11, Numbers::small_integers);
    return values;
}

void check_same_numbers(const Compiled& a, const Compiled& b) {
    CHECK(difference(run(small_resnet(), a.program, data()), run(small_resnet(), b.program, data())) == 0);
}

}  // namespace

TEST_CASE("the stem in stripes gives what the stem as a whole gives, in less memory") {
    CompileOptions whole;
    whole.stream_stem = false;
    const Compiled reference = with(whole);
    std::int64_t previous = reference.memory.lower_bound_bytes;
    for (int rows : {8, 5, 1}) {
        CompileOptions striped;
        striped.stem_stripe_rows = rows;
        const Compiled c = with(striped);
        check_same_numbers(c, reference);
        CHECK(c.memory.lower_bound_bytes <= previous);
        previous = c.memory.lower_bound_bytes;
    }
    CHECK(previous < reference.memory.lower_bound_bytes);
}

TEST_CASE("an input that is converted on the chip gives the same numbers streamed, held whole, replicated or not") {
    const auto compiled = [](bool stream, bool replicate) {
        CompileOptions o;
        o.stream_converted_input = stream;
        o.replication = replicate;
        auto result = compile(small_resnet(), default_chip(), 3, DType::fp16, DType::fp32, o, test::verified());
        REQUIRE(std::holds_alternative<Compiled>(result));
        REQUIRE(program::verify(std::get<Compiled>(result).program).empty());
        return std::get<Compiled>(std::move(result));
    };
    const Compiled reference = compiled(true, true);
    for (bool replicate : {true, false}) {
        const Compiled whole = compiled(false, replicate);
        check_same_numbers(whole, reference);
        CHECK(whole.memory.lower_bound_bytes > reference.memory.lower_bound_bytes);
    }
}

TEST_CASE("batching reads weights once for all images, no batching once for each") {
    CompileOptions apart;
    apart.batching = false;
    const Compiled together = with({}), one_by_one = with(apart);
    check_same_numbers(together, one_by_one);
    CHECK(weight_bytes_read(together.program) == weight_bytes_stored(together.program));
    CHECK(weight_bytes_read(one_by_one.program) == 3 * weight_bytes_stored(one_by_one.program));
    CHECK(one_by_one.memory.lower_bound_bytes < together.memory.lower_bound_bytes);
}

TEST_CASE("replication gives the same numbers with fewer matmuls") {
    CompileOptions off;
    off.replication = false;
    const Compiled on = with({}), without = with(off);
    check_same_numbers(on, without);
    CHECK(on.program.queues[0].instructions.size() < without.program.queues[0].instructions.size());
}

TEST_CASE("paired images and the order of layers change memory only") {
    CompileOptions unpaired, as_given;
    unpaired.pair_images = false;
    unpaired.small_image_elements = 0;
    as_given.reorder_layers = false;
    CompileOptions paired = unpaired;
    paired.pair_images = true;
    const Compiled plain = with({});
    for (const CompileOptions& o : {unpaired, as_given, paired}) check_same_numbers(with(o), plain);
    CHECK(with(paired).memory.lower_bound_bytes < with(unpaired).memory.lower_bound_bytes);
    CHECK(plain.memory.lower_bound_bytes <= with(as_given).memory.lower_bound_bytes);
}

TEST_CASE("a residual add in place saves the place of its result") {
    Net net;
    const TensorId x = net.relu(net.conv(net.input({1, 8, 6, 6}), 512, Window::square(1)));
    const TensorId small = net.relu(net.conv(x, 16, Window::square(1)));
    const auto graph = net.finish({net.relu(net.add(net.conv(small, 512, Window::square(1)), x))});
    CompileOptions apart;
    apart.in_place_add = false;
    const auto in_place = checked(graph, default_chip(), 3, {}), copied = checked(graph, default_chip(), 3, apart);
    REQUIRE((in_place && copied));
    CHECK(in_place->memory.lower_bound_bytes < copied->memory.lower_bound_bytes);
    const Data d = make_data(graph, 3, 5, Numbers::small_integers);
    CHECK(difference(run(graph, in_place->program, d), run(graph, copied->program, d)) == 0);
}

TEST_CASE("a convolution that is added to its own input does not overwrite what it still reads") {
    for (const std::int64_t side : {6, 20}) {
        Net net;
        const TensorId x = net.relu(net.conv(net.input({1, 8, side, side}), 96, Window::square(1)));
        const auto graph = net.finish({net.relu(net.add(net.conv(x, 96, Window::square(3, 1, 1)), x))});
        const Data d = make_data(graph, 2, 5, Numbers::small_integers);
        const auto c = checked(graph, default_chip(), 2, {});
        REQUIRE(c.has_value());
        Reference reference(graph, d.constants);
        const Outputs outputs = run(graph, c->program, d);
        for (std::size_t image = 0; image < 2; ++image)
            CHECK(difference(outputs[image][0], reference.run(d.inputs[image])[0].values) == 0);
    }
}

TEST_CASE("a skipped pass is the pass switched off") {
    CompileOptions off, skipped;
    off.reorder_layers = off.replication = off.stream_stem = off.prefetch = false;
    skipped.skip_passes = {"order", "replicate", "stem", "prefetch"};
    const Compiled a = with(off), b = with(skipped);
    CHECK(program::instruction_count(a.program) == program::instruction_count(b.program));
    CHECK(a.memory.peak_bytes == b.memory.peak_bytes);
    check_same_numbers(a, with({}));
}

TEST_CASE("fp16 inputs and outputs of an fp32 program and fp32 ones of an fp16 program") {
    // Integers this small are exact in fp16 as well.
    Net net;
    const TensorId x = net.conv(net.input({1, 3, 9, 9}), 8, Window::square(3, 1, 1));
    const auto graph = net.finish({net.relu(x)});
    const Data d = make_data(graph, 2, 3, Numbers::small_integers);
    Reference reference(graph, d.constants);
    for (const auto& [dtype, io] : std::initializer_list<std::pair<DType, DType>>{{DType::fp32, DType::fp16},
                                                                                  {DType::fp16, DType::fp32},
                                                                                  {DType::fp16, DType::fp16},
                                                                                  {DType::bf16, DType::bf16},
                                                                                  {DType::bf16, DType::fp32}}) {
        const auto c = checked(graph, default_chip(), 2, {}, dtype, io);
        REQUIRE(c.has_value());
        const Outputs outputs = run(graph, c->program, d);
        for (std::size_t image = 0; image < 2; ++image)
            CHECK(difference(outputs[image][0], reference.run(d.inputs[image])[0].values) == 0);
    }
}
