// The SystemC chip against the plain event loop: every event of every instruction, to the picosecond.
#include <catch2/catch.hpp>

#include "chip/chip.hpp"
#include "support/event_log.hpp"
#include "support/plain_loop.hpp"
#include "support/program_builder.hpp"

using namespace infsim;

namespace {

struct Workload {
    hw::ChipSpec spec = test::round_chip();
    int cores = 1, inferences = 3, instructions = 400;
    std::uint64_t seed = 1;
};

std::vector<std::pair<int, TimePoint>> submissions(const Workload& w) {
    std::vector<std::pair<int, TimePoint>> list;
    for (int n = 0; n < w.inferences; ++n)
        for (int core = 0; core < w.cores; ++core)
            list.emplace_back(core, time_origin() + nanoseconds(n * (n % 2 == 0 ? 60'000 : 5'000) + core * 777));
    return list;
}

void compare(const Workload& w) {
    std::vector<std::shared_ptr<const program::Program>> programs;  // cores run three different ones
    for (std::uint64_t k = 0; k < 3; ++k)
        programs.push_back(
            std::make_shared<const program::Program>(test::random_program(w.spec, w.seed * 3 + k, w.instructions)));
    test::EventLog got, expected;
    chip::Chip chip(w.spec, w.cores, {&got});
    test::PlainLoop loop(w.spec, w.cores, {&expected});
    for (int core = 0; core < w.cores; ++core) {
        chip.load(core, programs[static_cast<std::size_t>(core % 3)]);
        loop.load(core, programs[static_cast<std::size_t>(core % 3)]);
    }
    for (const auto& [core, at] : submissions(w)) {
        chip.submit(core, at);
        loop.submit(core, at);
    }
    const auto all = loop.run();
    // In uneven steps, so that stopping in between is seen to change nothing.
    std::vector<chip::Completion> done;
    for (int step = 1; done.size() < all.size() && step < 100'000; ++step) {
        chip.advance_until(chip.now() + nanoseconds(step % 3 == 0 ? 1'000'000 : 777));
        for (const auto& c : chip.take_completions()) done.push_back(c);
    }
    REQUIRE(done.size() == static_cast<std::size_t>(w.cores * w.inferences));
    REQUIRE(all.size() == done.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        REQUIRE(done[i].core == all[i].core);
        REQUIRE(done[i].output_done == all[i].output_done);
        REQUIRE(done[i].last_retirement == all[i].last_retirement);
        REQUIRE(done[i].first_issue == all[i].first_issue);
        REQUIRE(done[i].input_ready == all[i].input_ready);
    }
    const auto a = got.sorted(), b = expected.sorted();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(a[i] == b[i]);
}

}  // namespace

TEST_CASE("one core equals the plain loop, seed 1") { compare({}); }
TEST_CASE("one core equals the plain loop, seed 2") {
    Workload w;
    w.seed = 2;
    w.instructions = 3000;
    compare(w);
}
TEST_CASE("one core equals the plain loop without latencies") {
    Workload w;
    w.seed = 3;
    w.spec.dma.start_latency = w.spec.dma.completion_latency = w.spec.dram.latency = Duration{};
    w.spec.pe.latency = w.spec.act.latency = w.spec.pool.latency = Cycles{0};
    w.spec.host.transfer_latency = Duration{};
    compare(w);
}
TEST_CASE("two cores equal the plain loop") {
    Workload w;
    w.cores = 2;
    w.seed = 4;
    compare(w);
}
TEST_CASE("four cores equal the plain loop") {
    Workload w;
    w.cores = 4;
    w.seed = 5;
    w.instructions = 1500;
    compare(w);
}
TEST_CASE("four cores with crooked numbers equal the plain loop") {
    Workload w;
    w.cores = 4;
    w.seed = 6;
    w.spec.pe.clock = w.spec.act.clock = w.spec.pool.clock = Frequency{976'562'500};
    w.spec.dma.engine_bandwidth = Bandwidth{10'700'000'000};
    w.spec.dma.core_bandwidth = Bandwidth{21'400'000'000};
    w.spec.host.link_bandwidth = Bandwidth{7'877'000'000};
    w.spec.dma.rows = {{Bytes{2048}, Bytes{2048}}};
    compare(w);
}
TEST_CASE("four cores over DDR4 equal the plain loop") {
    Workload w;
    w.spec = test::ddr4_chip();
    w.cores = 4;
    w.seed = 12;
    w.instructions = 800;
    compare(w);
}
TEST_CASE("four cores with fluid arbitration equal the plain loop") {
    Workload w;
    w.cores = 4;
    w.seed = 13;
    w.instructions = 1500;
    w.spec.dram.arbitration = hw::Arbitration::fluid;
    w.spec.pe.clock = w.spec.act.clock = w.spec.pool.clock = Frequency{976'562'500};
    w.spec.dma.core_bandwidth = Bandwidth{21'400'000'000};
    compare(w);
}
TEST_CASE("cores whose ACT and POOL share a port to PSUM equal the plain loop") {
    Workload w;
    w.cores = 2;
    w.seed = 14;
    w.instructions = 2000;
    w.spec.psum.shared_port = true;
    compare(w);
}
TEST_CASE("a shared port to PSUM without latencies equals the plain loop") {
    Workload w;
    w.seed = 15;
    w.instructions = 2000;
    w.spec.psum.shared_port = true;
    w.spec.dma.start_latency = w.spec.dma.completion_latency = w.spec.dram.latency = Duration{};
    w.spec.pe.latency = w.spec.act.latency = w.spec.pool.latency = Cycles{0};
    w.spec.host.transfer_latency = Duration{};
    compare(w);
}
TEST_CASE("16 cores equal the plain loop") {
    Workload w;
    w.cores = w.spec.cores = 16;
    w.seed = 7;
    compare(w);
}
TEST_CASE("64 cores equal the plain loop") {
    Workload w;
    w.cores = w.spec.cores = 64;
    w.seed = 8;
    w.inferences = 2;
    w.instructions = 150;
    compare(w);
}
