// Every Program of a random network is sound and computes what the reference computes, whatever is asked for.
#include "checks.hpp"

using namespace infsim;
using namespace infsim::test;

namespace {

struct Tally {
    int programs = 0, refused = 0, inexact = 0;
};

/// Batch 1..7; large ones on small networks only, so that a run stays short.
int random_batch(RandomStream& random) {
    const std::int64_t n = random.uniform_int(1, 10);
    return static_cast<int>(n <= 7 ? 1 + n % 4 : 5 + n % 3);
}

/// Outputs of all images by the reference; nothing when sums may round on integers.
std::optional<double> off_reference(const graph::Graph& graph, const Data& data, const Outputs& outputs,
                                    Numbers numbers) {
    Reference reference(graph, data.constants);
    double apart = 0;
    for (std::size_t image = 0; image < outputs.size(); ++image) {
        const auto expected = reference.run(data.inputs[image]);
        if (numbers == Numbers::small_integers && reference.largest() >= (1 << 22)) return std::nullopt;
        for (std::size_t o = 0; o < expected.size(); ++o)
            apart = std::max(apart, difference(outputs[image][o], expected[o].values));
    }
    return apart;
}

void check_network(const graph::Graph& graph, std::uint64_t seed, Numbers numbers, Tally& tally) {
    RandomStream random(seed, "options");
    const int batch = random_batch(random);
    const double tolerance = numbers == Numbers::small_integers ? 0 : 1e-5;
    const double rounding = 3 * tolerance;  // of fp32 against double, through softmax and normalisations
    hw::ChipSpec chip = default_chip();
    if (seed % 4 != 0) chip.state_buffer.partition_bytes = Bytes{24 * 1024};  // little memory to track, and little room
    const Data data = make_data(graph, batch, seed, numbers);
    INFO("seed " << seed << ", batch " << batch << "\n" << to_text(graph));
    std::optional<Outputs> first;
    const auto compare = [&](const compiler::Compiled& c) {
        ++tally.programs;
        const Outputs outputs = run(graph, c.program, data);
        if (!first) {
            first = outputs;
            const auto apart = off_reference(graph, data, outputs, numbers);
            if (!apart) ++tally.inexact;
            else CHECK(*apart <= rounding);
        } else {
            CHECK(difference(outputs, *first) <= tolerance);
        }
    };
    if (const auto plain = checked(graph, chip, batch, {})) compare(*plain);
    if (const auto one = checked(graph, chip, 1, {}); one && first && batch > 1) {
        Outputs apart;
        for (int image = 0; image < batch; ++image) apart.push_back(run(graph, one->program, data, image)[0]);
        CHECK(difference(apart, *first) <= tolerance);
    }
    for (int variant = 0; variant < 2; ++variant) {
        hw::ChipSpec other = chip;
        compiler::CompileOptions options = random_options(random, chip);
        if (variant == 1) {
            // From what hardly anything fits into to plenty.
            other.state_buffer.partition_bytes =
                Bytes{(std::int64_t{1} << random.uniform_int(9, 16)) + 4 * random.uniform_int(0, 200)};
            other.psum.banks = 1 << random.uniform_int(1, 3);
            other.psum.bank_bytes = Bytes{std::int64_t{512} << random.uniform_int(0, 2)};
            other.pe.max_moving = 128 << random.uniform_int(0, 2);
            other.dma.engines_per_core = static_cast<int>(random.uniform_int(1, 4));
            other.dma.rings_per_engine = static_cast<int>(random.uniform_int(1, 5));
            if (random.uniform_int(0, 3) == 0)
                options.state_buffer_budget = other.state_buffer.partition_bytes.count() / 2;
        }
        INFO(to_text(options) << " state buffer " << other.state_buffer.partition_bytes.count());
        if (const auto c = checked(graph, other, batch, options)) compare(*c);
        else ++tally.refused;
    }
}

void check_networks(std::uint64_t first, int count, Numbers numbers) {
    Tally tally;
    for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(count); ++seed) {
        const graph::Graph graph = RandomNetwork(seed, numbers).draw();
        try {
            check_network(graph, seed, numbers, tally);
        } catch (const std::exception& e) {  // neither bad input nor a broken invariant: these networks are supported
            FAIL_CHECK("seed " << seed << "\n" << to_text(graph) << e.what());
        }
    }
    // The test must not pass because nothing was tested.
    CHECK(tally.programs > 2 * count);
    CHECK(tally.refused > 0);
    CHECK(tally.inexact * 10 <= count);
}

}  // namespace

TEST_CASE("small integers: every option and batch gives the reference bit for bit") {
    check_networks(1, 150, Numbers::small_integers);
}

TEST_CASE("real numbers: every option and batch is within 1e-5 of every other") {
    check_networks(100001, 100, Numbers::real);
}

TEST_CASE("many more networks", "[.][many]") {
    check_networks(200001, 500, Numbers::small_integers);
    check_networks(300001, 500, Numbers::real);
}
