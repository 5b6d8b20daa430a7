// The search over plans against the plain compiler, on random networks.
#include "checks.hpp"

#include "compiler/search/estimate.hpp"

using namespace infsim;
using namespace infsim::test;

TEST_CASE(
    "the search never ends in a program that is estimated to be slower, and fits wherever the plain compiler does") {
    int faster = 0, alone = 0, compared = 0;
    for (std::uint64_t seed = 201; seed <= 350; ++seed) {
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
            const Duration before = compiler::estimate(without->program, chip).makespan,
                           after = compiler::estimate(with->program, chip).makespan;
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

TEST_CASE("a chain whose tensors do not fit runs fused, in stripes of rows, with the same numbers") {
    Net net;
    TensorId x = net.max_pool(net.relu(net.conv(net.input({1, 3, 160, 60}), 16, Window::square(3, 1, 1))),
                              Window::square(2, 2, 0));
    for (int i = 0; i < 3; ++i) x = net.relu(net.conv(x, 16, Window::square(3, 1, 1)));
    const auto graph = net.finish({net.max_pool(x, Window::square(2, 2, 0))});
    compiler::CompileOptions plain, search;
    plain.spill = search.spill = false;
    search.search_sections = true;
    int fused = 0;
    for (const int batch : {1, 3}) {
        const Data d = make_data(graph, batch, 9, Numbers::small_integers);
        const auto whole = checked(graph, default_chip(), batch, plain);
        REQUIRE(whole.has_value());
        const Outputs right = run(graph, whole->program, d);
        for (const std::int64_t kib : {19, 18, 17, 16, 15, 14}) {
            hw::ChipSpec chip = default_chip();
            chip.state_buffer.partition_bytes = Bytes{kib * 1024};
            const auto striped = checked(graph, chip, batch, search);
            const auto unfused = checked(graph, chip, batch, plain);
            if (!striped || unfused) continue;
            ++fused;
            CHECK(difference(run(graph, striped->program, d), right) == 0);
        }
    }
    CHECK(fused > 1);
}
