// Arrays, state buffers and PSUM of any size: programs are sound, compute what the reference computes, and take the
// time of the array that the chip has.
#include "checks.hpp"
#include "cost/cost.hpp"

using namespace infsim;
using namespace infsim::test;

namespace {

hw::ChipSpec chip_of(int rows, int columns, int partitions) {
    hw::ChipSpec chip = default_chip();
    chip.pe.rows = rows;
    chip.pe.columns = chip.psum.partitions = columns;
    chip.state_buffer.partitions = partitions;
    chip.state_buffer.partition_bytes = Bytes{std::int64_t{128} * 64 * 1024 / partitions};
    return chip;
}

/// Any that a chip file may state.
hw::ChipSpec random_chip(RandomStream& random) {
    constexpr std::array<int, 12> sizes = {8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 256, 512};
    const auto size = [&] { return sizes[static_cast<std::size_t>(random.uniform_int(0, sizes.size() - 1))]; };
    const int rows = size(), columns = size();
    int partitions = std::max(rows, columns);
    if (random.uniform_int(0, 1) == 0) partitions = std::max(partitions, size());
    hw::ChipSpec chip = chip_of(rows, columns, partitions);
    if (random.uniform_int(0, 3) == 0) chip.psum.partitions = std::max(columns, size());
    return chip;
}

/// Networks of `seeds`, each on chips of other geometries.
void check_networks(std::uint64_t first, int count, Numbers numbers, double tolerance) {
    int programs = 0;
    for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(count); ++seed) {
        const graph::Graph graph = RandomNetwork(seed, numbers).draw();
        RandomStream random(seed, "geometry");
        const int batch = static_cast<int>(random.uniform_int(1, 3));
        const Data data = make_data(graph, batch, seed, numbers);
        for (int variant = 0; variant < 2; ++variant) {
            const hw::ChipSpec chip = random_chip(random);
            const auto options = variant == 0 ? compiler::CompileOptions{} : random_options(random, chip);
            INFO("seed " << seed << ", batch " << batch << ", array " << chip.pe.rows << " x " << chip.pe.columns
                         << ", partitions " << chip.state_buffer.partitions << ", " << to_text(options) << "\n"
                         << to_text(graph));
            const auto c = checked(graph, chip, batch, options);
            if (!c) continue;
            ++programs;
            const Outputs outputs = run(graph, c->program, data);
            Reference reference(graph, data.constants);
            for (std::size_t image = 0; image < outputs.size(); ++image) {
                const auto expected = reference.run(data.inputs[image]);
                if (numbers == Numbers::small_integers && reference.largest() >= (1 << 22)) continue;
                for (std::size_t o = 0; o < expected.size(); ++o)
                    CHECK(difference(outputs[image][o], expected[o].values) <= tolerance);
            }
        }
    }
    CHECK(programs > count);  // the test must not pass because nothing was tested
}

/// Cycles in which the array takes moving elements, without what an instruction costs beside.
std::int64_t moving_cycles(const program::Program& p) {
    std::int64_t n = 0;
    for (const program::Queue& q : p.queues)
        for (const program::Instruction& i : q.instructions)
            if (const auto* m = std::get_if<program::Matmul>(&i.op)) n += program::elements(m->moving);
    return n;
}

std::int64_t tiles(std::int64_t n, int size) { return (n + size - 1) / size; }

}  // namespace

TEST_CASE("small integers on any geometry give the reference bit for bit") {
    check_networks(300001, 120, Numbers::small_integers, 0);
}

TEST_CASE("real numbers on any geometry are those of the reference") {
    check_networks(400001, 60, Numbers::real, 3e-5);
}

TEST_CASE("a product takes ceil(K / rows) x ceil(M / columns) x N cycles of the array") {
    const std::int64_t k = 1024, m = 768, n = 196;
    for (const int rows : {32, 64, 128, 256})
        for (const int columns : {32, 64, 128, 256}) {
            Net net;
            const TensorId y = net.conv(net.input({1, k, 14, 14}), m, Window::square(1));
            const auto c = checked(net.finish({y}), chip_of(rows, columns, std::max(rows, columns)), 1, {}, DType::fp16,
                                   DType::fp16);
            REQUIRE(c);
            INFO("array " << rows << " x " << columns);
            CHECK(moving_cycles(c->program) == tiles(k, rows) * tiles(m, columns) * n);
        }
}

TEST_CASE("rows and columns that the state buffer has more of are used") {
    for (const auto& [rows, columns] : {std::pair{32, 128}, {128, 32}, {32, 32}, {64, 64}, {128, 64}, {128, 128}}) {
        Net net;
        const TensorId y = net.conv(net.input({1, 256, 14, 14}), 384, Window::square(3, 1, 1));
        const auto c = checked(net.finish({y}), chip_of(rows, columns, 128), 2, {}, DType::fp16, DType::fp16);
        REQUIRE(c);
        INFO("array " << rows << " x " << columns);
        const double ideal = static_cast<double>(tiles(256, rows) * tiles(384, columns) * 9 * 196 * 2);
        const double apart = static_cast<double>(moving_cycles(c->program)) / ideal - 1;
        CHECK(apart <= 0);  // taps that meet the padding move less
        CHECK(apart > -0.15);
    }
}
