#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "cost/cost.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::program;
using B = test::ProgramBuilder;

namespace {

const hw::ChipSpec spec = test::round_chip();  // 1 GHz everywhere: a cycle is a nanosecond

Instruction instruction(Operation op) {
    Instruction i;
    i.op = op;
    return i;
}

void check(Operation op, int occupancy, int latency, bool behind_matmul = false) {
    const auto cost = cost::engine_cost(spec, instruction(op), behind_matmul);
    CHECK(cost.occupancy == nanoseconds(occupancy));
    CHECK(cost.latency == nanoseconds(latency));
}

cost::DmaDemand demand(Operation op) { return cost::dma_demand(spec, instruction(op)); }

/// Two images of 8 rows of `row` elements, in the state buffer `pitch` elements apart.
AccessPattern rows(int row, int pitch) {
    AccessPattern ap = B::sb(4, row);
    ap.count = {1, 2, 8, static_cast<std::uint16_t>(row)};
    ap.step = {0, static_cast<std::uint16_t>(8 * pitch), static_cast<std::uint16_t>(pitch), 1};
    return ap;
}

DmaLoad load_rows(int row, int chip_pitch, int dram_pitch) {
    DmaLoad load{{}, rows(row, chip_pitch)};
    load.src.partition_step = 1 << 16;
    load.src.count = load.dst.count;
    load.src.step = {0, static_cast<std::uint32_t>(16 * dram_pitch), static_cast<std::uint32_t>(2 * dram_pitch), 2};
    return load;
}

}  // namespace

TEST_CASE("a matmul takes its moving columns") { check(B::matmul(512), 512, 572); }

TEST_CASE("a short matmul takes the floor, which a narrow stationary lowers") {
    check(B::matmul(10), 64, 124);
    check(Matmul{B::sb(128, 10), B::psum(20, 10)}, 20, 80);
    check(Matmul{B::sb(128, 10), B::psum(5, 10)}, 10, 70);
}

TEST_CASE("an fp32 matmul takes four passes") {
    auto op = B::matmul(100);
    op.moving.dtype = DType::fp32;
    check(op, 400, 460);
}

TEST_CASE("the overhead of a matmul is added once") {
    auto slow = spec;
    slow.pe.matmul_overhead = Cycles{7};
    CHECK(cost::engine_cost(slow, instruction(B::matmul(100)), false).occupancy == nanoseconds(107));
}

TEST_CASE("a stationary load is partly hidden behind a matmul") {
    check(B::stationary(), 128, 188, false);
    check(B::stationary(), 32, 92, true);
}

TEST_CASE("a transpose loads its source and streams an identity through") {
    check(Transpose{B::sb(100, 64), B::psum(64, 100)}, 128 + 100, 288, false);
    check(Transpose{B::sb(100, 64), B::psum(64, 100)}, 32 + 100, 192, true);
}

TEST_CASE("ACT takes its elements, at least the minimum") {
    check(B::act(512), 512, 612);
    check(B::act(3), 64, 164);
}

TEST_CASE("POOL: copies once, two operands in one memory twice, one in PSUM once") {
    check(B::pool(200), 210, 410);
    check(TensorTensor{B::sb(4, 200), B::sb(4, 200), B::sb(4, 200), {}}, 410, 610);
    check(TensorTensor{B::psum(4, 200), B::sb(4, 200), B::sb(4, 200), {}}, 210, 410);
    check(TensorTensor{B::sb(4, 200), B::psum(4, 200), B::sb(4, 200), {}}, 210, 410);
    check(TensorTensor{B::psum(4, 200), B::psum(4, 200), B::sb(4, 200), {}}, 410, 610);  // both in PSUM share its port
    check(TensorTensor{B::sb(4, 20), B::sb(4, 20), B::sb(4, 20), {}}, 74, 274);
}

TEST_CASE("POOL: a reduction takes its input, a memset half its output") {
    Reduce reduce{B::sb(4, 300), B::sb(4, 1)};
    check(reduce, 310, 510);
    check(Memset{B::sb(4, 301)}, 161, 361);
}

TEST_CASE("an engine with fewer lanes than partitions takes turns") {
    auto narrow = spec;
    narrow.pool.lanes = 64;
    const auto cycles = [&](int partitions) {
        const TensorScalar copy{B::sb(partitions, 200), B::sb(partitions, 200), {}, {}};
        return cost::engine_cost(narrow, instruction(copy), false).occupancy / nanoseconds(1) - 10;
    };
    CHECK(cycles(64) == 200);
    CHECK(cycles(65) == 400);
    CHECK(cycles(128) == 400);
}

TEST_CASE("the widest operand says how many elements an engine takes per cycle") {
    auto quick = spec;
    quick.pool.elements_32bit = 2;
    quick.pool.elements_16bit = 4;
    quick.act.elements_16bit = 2;
    const auto cycles = [&](Operation op) {
        return cost::engine_cost(quick, instruction(op), false).occupancy / nanoseconds(1);
    };
    TensorScalar copy{B::sb(4, 402), B::sb(4, 402), {}, {}};
    CHECK(cycles(copy) == 101 + 10);
    copy.src = B::psum(4, 402);  // fp32
    CHECK(cycles(copy) == 201 + 10);
    CHECK(cycles(TensorTensor{B::sb(4, 200), B::sb(4, 200), B::sb(4, 200), {}}) == 100 + 10);
    CHECK(cycles(Activate{B::psum(4, 300), B::sb(4, 300), {}}) == 300);
    CHECK(cycles(Activate{B::sb(4, 300), B::sb(4, 300), {}}) == 150);
    CHECK(cycles(Activate{B::sb(4, 30), B::sb(4, 30), {}}) == 64);
}

TEST_CASE("short runs cost what the payload curve says, in between a straight line") {
    auto curved = spec;
    curved.dma.rows = {{Bytes{64}, Bytes{640}}, {Bytes{512}, Bytes{1024}}, {Bytes{2048}, Bytes{2048}}};
    const auto billed = [&](int bytes) {
        return cost::dma_demand(curved, instruction(B::load(0, 2, bytes))).billed.count() / 2;
    };
    CHECK(billed(2) == 640);
    CHECK(billed(64) == 640);
    CHECK(billed(288) == 832);
    CHECK(billed(290) == 834);  // 833.7
    CHECK(billed(512) == 1024);
    CHECK(billed(2046) == 2047);  // 2046.7
    CHECK(billed(2048) == 2048);
    CHECK(billed(8192) == 8192);
}

TEST_CASE("waiting costs nothing") { check(Sync{}, 0, 0); }

TEST_CASE("cycles are rounded up to a picosecond once, not one by one") {
    auto crooked = spec;
    crooked.act.clock = Frequency{3'000'000'000};  // 333.33 ps
    const auto cost = cost::engine_cost(crooked, instruction(B::act(100)), false);
    CHECK(cost.occupancy == picoseconds(33'334));
    CHECK(cost.latency == picoseconds(66'667));
}

TEST_CASE("long runs are billed as they are") {
    const auto d = demand(B::load(0, 128, 1024));
    CHECK(d.payload == Bytes{131'072});
    CHECK(d.billed == d.payload);
    CHECK(d.dram == d.payload);
    CHECK(d.descriptors == 128);
    CHECK_FALSE(d.writes_dram);
    CHECK(demand(B::store(0, 128, 1024)).writes_dram);
}

TEST_CASE("a run lasts as long as both ends are contiguous") {
    CHECK(demand(load_rows(28, 28, 28)).billed == Bytes{4 * 2 * 8 * 28 * 2});  // 896 B per partition: one run
    CHECK(demand(load_rows(28, 32, 28)).billed == Bytes{4 * 16 * 512});        // rows apart on the chip
    CHECK(demand(load_rows(28, 28, 40)).billed == Bytes{4 * 16 * 512});        // rows apart in DRAM
    CHECK(demand(load_rows(400, 400, 500)).billed == Bytes{4 * 16 * 800});
    CHECK(demand(load_rows(28, 28, 40)).payload == Bytes{4 * 2 * 8 * 28 * 2});
}

TEST_CASE("runs that end at different elements are cut where either ends") {
    // 24 elements, in rows of 6 on the chip and rows of 4 in DRAM: both begin anew at every second element at most.
    DmaLoad load{{}, B::sb(4, 24)};
    load.dst.count = {1, 1, 4, 6};
    load.dst.step = {0, 0, 8, 1};
    load.src.partition_step = 1 << 10;
    load.src.count = {1, 1, 6, 4};
    load.src.step = {0, 0, 16, 2};
    const auto d = demand(load);
    CHECK(d.payload == Bytes{4 * 24 * 2});
    CHECK(d.descriptors == 4 * 12);
    CHECK(d.billed == Bytes{4 * 12 * 512});
}

TEST_CASE("elements taken one by one are each billed as a short run") {
    auto load = B::load(0, 2, 64);
    load.src.step[3] = 10;
    CHECK(demand(load).billed == Bytes{2 * 32 * 512});
    CHECK(demand(load).descriptors == 64);
}

TEST_CASE("a run longer than a descriptor takes several") {
    auto small = spec;
    small.dma.max_descriptor = Bytes{1000};
    CHECK(cost::dma_demand(small, instruction(B::load(0, 128, 2048))).descriptors == 128 * 3);
}

TEST_CASE("a copy inside the state buffer moves nothing over DRAM") {
    const auto d = demand(B::copy(128, 1024));
    CHECK(d.payload == Bytes{131'072});
    CHECK(d.dram == Bytes{0});
}

TEST_CASE("a gather is billed row by row") {
    DmaGather gather{B::sb(16, 1), {}, B::sb(16, 64), 1000};
    gather.table.partition_step = 128;
    gather.table.count[3] = 64;
    gather.table.step[3] = 2;
    const auto d = demand(gather);
    CHECK(d.payload == Bytes{16 * 128});
    CHECK(d.billed == Bytes{16 * 512});
    CHECK(d.dram == d.payload);
}

TEST_CASE("each price is for its own kind of instruction") {
    CHECK(cost::is_dma(instruction(B::copy(1, 2))));
    CHECK_FALSE(cost::is_dma(instruction(Sync{})));
    CHECK_THROWS_AS(cost::engine_cost(spec, instruction(B::copy(1, 2)), false), InternalError);
    CHECK_THROWS_AS(cost::dma_demand(spec, instruction(B::act(1))), InternalError);
}
