// The search over plans against the plain compiler, on random networks.
#include "checks.hpp"

#include "compiler/passes/estimate.hpp"

using namespace infsim;
using namespace infsim::test;

TEST_CASE("the search never ends in a program that is estimated to be slower, and fits wherever the plain compiler does") {
    int faster = 0, alone = 0, compared = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        const graph::Graph graph = RandomNetwork(seed, Numbers::small_integers).draw();
        hw::ChipSpec chip = default_chip();
        chip.state_buffer.partition_bytes = Bytes{std::int64_t{1024} << (seed % 4)};
        compiler::CompileOptions plain, search;
        plain.spill = search.spill = false;
        search.search_sections = search.search_psum_banks = true;
        INFO("seed " << seed << "\n" << to_text(graph));
        const auto without = checked(graph, chip, 6, plain), with = checked(graph, chip, 6, search);
        if (without) {
            REQUIRE(with.has_value());
            ++compared;
            const Duration before = compiler::estimate(without->program, chip).makespan, after = compiler::estimate(with->program, chip).makespan;
            CHECK(after <= before);
            faster += after < before ? 1 : 0;
        } else {
            alone += with ? 1 : 0;
        }
    }
    CHECK(compared > 30);
    CHECK(faster > 0);
    CHECK(alone > 0);
}
