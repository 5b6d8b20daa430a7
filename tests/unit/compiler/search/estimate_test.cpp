// How long a Program takes by the compiler's estimate, on paper: 1 GHz engines, a core's share of DRAM 10 GB/s.
#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "compiler/search/estimate.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::program;
using compiler::Estimate;
using test::ProgramBuilder;
using B = test::ProgramBuilder;

namespace {

const hw::ChipSpec spec = test::round_chip();

std::int64_t makespan(ProgramBuilder& b) { return compiler::estimate(b.program(), spec).makespan.count(); }

}  // namespace

TEST_CASE("an empty program takes no time") {
    ProgramBuilder b(spec);
    b.queue(Engine::act);
    CHECK(makespan(b) == 0);
}

TEST_CASE("a queue issues its next instruction behind the occupancy, not behind the latency") {
    ProgramBuilder b(spec);
    const auto act = b.queue(Engine::act);
    b.add(act, B::act(500));
    CHECK(makespan(b) == 600'000);
    b.add(act, B::act(300));
    CHECK(makespan(b) == 900'000);  // 500 + 300 + 100
}

TEST_CASE("queues run side by side but for their waits") {
    ProgramBuilder b(spec);
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    b.add(act, B::act(500));   // done at 600 ns
    b.add(pool, B::pool(90));  // 90 + 10, done at 300 ns
    CHECK(makespan(b) == 600'000);
    b.add(pool, B::pool(190), {{act, 1}});  // from 600 ns on: 190 + 10 + 200
    CHECK(makespan(b) == 1'000'000);
    b.add(act, B::act(64), {{pool, 1}, {pool, 2}});
    CHECK(makespan(b) == 1'164'000);
}

TEST_CASE("a queue retires in order") {
    ProgramBuilder b(spec);
    const auto pool = b.queue(Engine::pool), act = b.queue(Engine::act);
    b.add(pool, B::pool(500));  // done at 710 ns
    b.add(pool, Sync{});        // done as it is issued, at 510 ns: behind the one before
    b.add(act, B::act(100), {{pool, 2}});
    CHECK(makespan(b) == 910'000);
}

TEST_CASE("a stationary load is partly hidden behind a matmul, and layers share what the PE takes") {
    ProgramBuilder b(spec);
    b.program().layers.push_back({"second", "test", 0, 0});
    const auto pe = b.queue(Engine::pe);
    b.add(pe, B::stationary());  // 128 cycles, not behind a matmul: done at 188
    b.add(pe, B::matmul(100));   // 228 + 60
    Instruction second;
    second.layer = 1;
    second.op = B::stationary();  // 32 behind a matmul: 260 + 60
    b.add(pe, second);
    second.op = B::matmul(512);  // 772 + 60
    b.add(pe, second);
    const Estimate e = compiler::estimate(b.program(), spec);
    CHECK(e.makespan == nanoseconds(832));
    REQUIRE(e.pe_by_layer.size() == 2);
    CHECK(e.pe_by_layer[0] == nanoseconds(288));
    CHECK(e.pe_by_layer[1] == nanoseconds(544));
}

TEST_CASE(
    "a transfer takes its start, its bytes at the slower of engine and share, the DRAM's answer and its completion") {
    ProgramBuilder b(spec);
    const auto ring = b.queue(Engine::dma);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    b.add(ring, B::load(weights, 4, 2048));  // 8,192 bytes at 10 GB/s
    CHECK(makespan(b) == 1'000'000 + 819'200 + 100'000 + 50'000);
    // The next descriptor is fetched while this one runs: its bytes follow those of the one before and its end.
    b.add(ring, B::load(weights, 4, 2048));
    CHECK(makespan(b) == 1'969'200 + 819'200 + 100'000 + 50'000);
}

TEST_CASE("a transfer inside the state buffer takes no DRAM") {
    ProgramBuilder b(spec);
    b.add(b.queue(Engine::dma), B::copy(4, 2048));
    CHECK(makespan(b) == 1'000'000 + 819'200 + 50'000);
}

TEST_CASE("short rows cost the DMA engine as much as the shortest it moves at once") {
    ProgramBuilder b(spec);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    b.add(b.queue(Engine::dma), B::load(weights, 100, 64));  // 6,400 bytes, billed as 100 x 512
    CHECK(makespan(b) == 1'000'000 + 5'120'000 + 100'000 + 50'000);
}

TEST_CASE("two engines share the core's part of device DRAM") {
    ProgramBuilder b(spec);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    b.add(b.queue(Engine::dma, 0), B::load(weights, 16, 2048));  // 32,768 bytes, 3,276.8 ns alone
    CHECK(makespan(b) == 4'426'800);
    b.add(b.queue(Engine::dma, 1), B::load(weights, 16, 2048));
    CHECK(makespan(b) == 1'000'000 + 2 * 3'276'800 + 100'000 + 50'000);  // side by side to the end
}

TEST_CASE("rings of an engine take turns, so that a transfer in short rows holds up the others") {
    ProgramBuilder b(spec);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    const auto rows = b.queue(Engine::dma, 0), ring = b.queue(Engine::dma, 0);
    b.add(rows, B::load(weights, 64, 64));   // 4,096 bytes, billed as 64 x 512: two turns of 16,384
    b.add(ring, B::load(weights, 1, 2048));  // one turn of 2,048 beside it
    b.add(b.queue(Engine::act), B::act(100), {{ring, 1}});
    // The short one ends with the first turn of each, 18,432 bytes; the other needs 16,384 more.
    CHECK(makespan(b) == 1'000'000 + 1'843'200 + 1'638'400 + 100'000 + 50'000);
    b.add(b.queue(Engine::pool), B::pool(2000), {{ring, 1}});
    CHECK(makespan(b) == 1'000'000 + 1'843'200 + 100'000 + 50'000 + 2'210'000);
}

TEST_CASE("what is loaded ahead leaves half to what is needed now") {
    ProgramBuilder b(spec);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    const auto ahead = b.queue(Engine::dma, 0), now = b.queue(Engine::dma, 0);
    b.add(ahead, B::load(weights, 64, 2048));  // comes first in the serial order
    b.add(now, B::load(weights, 16, 2048));    // 32,768 bytes at half the rate, up to 7,553.6 ns
    b.add(b.queue(Engine::act), B::act(20'000), {{now, 1}});
    CHECK(makespan(b) == 1'000'000 + 6'553'600 + 150'000 + 20'100'000);
}

TEST_CASE("instructions that wait for each other are an internal error") {
    ProgramBuilder b(spec);
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    b.add(act, B::act(100), {{pool, 1}});
    b.add(pool, B::pool(100), {{act, 1}});
    CHECK_THROWS_AS(makespan(b), InternalError);
}

TEST_CASE("a core alone on its chip has the channels up to its own ceiling") {
    hw::ChipSpec alone = spec;
    alone.cores = 1;  // 40 GB/s of channels, 20 GB/s of the core, 10 GB/s an engine
    ProgramBuilder b(alone);
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    for (int engine = 0; engine < 2; ++engine) b.add(b.queue(Engine::dma, engine), B::load(weights, 16, 2048));
    CHECK(compiler::estimate(b.program(), alone).makespan == nanoseconds(4'427) - picoseconds(200));
}

TEST_CASE("ACT and POOL take turns at a port to PSUM that they share") {
    hw::ChipSpec shared = spec;
    shared.psum.shared_port = true;
    ProgramBuilder b(shared);
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    const auto from_psum = [](auto op, int n) {
        op.src = B::psum(1, n);
        return op;
    };
    b.add(act, from_psum(B::act(100), 100));
    b.add(act, B::act(300));
    b.add(act, from_psum(B::act(80), 80));
    for (int copy = 0; copy < 2; ++copy) b.add(pool, from_psum(B::pool(200), 200));
    CHECK(makespan(b) == nanoseconds(2 * 210 + 200).count());
    // ACT 0 to 100, POOL 100 to 310 and, since ACT is busy elsewhere until 400, to 520.
    CHECK(compiler::estimate(b.program(), shared).makespan == nanoseconds(100 + 2 * 210 + 200));
}
