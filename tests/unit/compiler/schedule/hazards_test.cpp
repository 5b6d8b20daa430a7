// Who must wait for whom, and which waits say nothing new.
#include <catch2/catch.hpp>

#include <utility>
#include <vector>

#include "compiler/emit/access.hpp"
#include "compiler/schedule/hazards.hpp"
#include "compiler/schedule/insert_waits.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::AccessPattern;
using program::Space;

namespace {

AccessPattern bytes(std::int64_t offset, std::int64_t count, int partition = 0, int partitions = 128,
                    Space space = Space::state_buffer) {
    return make_access(space, partition, partitions, offset, DType::fp16, {{1, count / 2}});
}

Counts needs(HazardMap& map, const AccessPattern& ap, bool write, std::uint8_t queue) {
    Counts need(map.queues(), 0);
    HazardMap::query(map.find(ap, write, queue), need);
    return need;
}

void record(HazardMap& map, const AccessPattern& ap, bool write, std::uint8_t queue, std::uint32_t index) {
    map.record(map.find(ap, write, queue), index);
}

constexpr bool kRead = false, kWrite = true;

program::Waits waits(const std::vector<program::Wait>& list) {
    program::Waits w;
    for (const auto& x : list) w.push(x);
    return w;
}

std::vector<std::pair<int, int>> pairs(const std::vector<program::Wait>& list) {
    std::vector<std::pair<int, int>> out;
    for (const auto& w : list) out.emplace_back(w.queue, w.count);
    return out;
}

using Pairs = std::vector<std::pair<int, int>>;

}  // namespace

TEST_CASE("a read waits for the write of another queue and of its own") {
    HazardMap map(3);
    record(map, bytes(0, 64), kWrite, 1, 4);
    CHECK(needs(map, bytes(32, 64), kRead, 0) == Counts{0, 5, 0});
    CHECK(needs(map, bytes(32, 64), kRead, 1) == Counts{0, 5, 0});
}

TEST_CASE("a write waits for readers and writers of other queues, not for its own") {
    HazardMap map(3);
    record(map, bytes(0, 64), kWrite, 0, 7);
    CHECK(needs(map, bytes(0, 2), kWrite, 1) == Counts{8, 0, 0});
    CHECK(needs(map, bytes(0, 2), kWrite, 0) == Counts{0, 0, 0});
    record(map, bytes(0, 64), kRead, 2, 3);
    record(map, bytes(0, 64), kRead, 0, 9);
    CHECK(needs(map, bytes(0, 64), kWrite, 0)[2] == 4);
    CHECK(needs(map, bytes(0, 64), kWrite, 0)[0] == 0);
}

TEST_CASE("readers do not wait for readers, nor neighbours for each other") {
    HazardMap map(2);
    record(map, bytes(0, 64), kRead, 0, 0);
    CHECK(needs(map, bytes(0, 64), kRead, 1) == Counts{0, 0});
    record(map, bytes(64, 64), kWrite, 0, 1);
    CHECK(needs(map, bytes(128, 64), kRead, 1) == Counts{0, 0});
    CHECK(needs(map, bytes(126, 64), kRead, 1) == Counts{2, 0});
    record(map, bytes(256, 64, 0, 64), kWrite, 0, 2);  // lower half
    CHECK(needs(map, bytes(256, 64, 64, 64), kRead, 1) == Counts{0, 0});
    CHECK(needs(map, bytes(256, 64, 63, 2), kRead, 1) == Counts{3, 0});
    CHECK(needs(map, bytes(256, 64, 0, 64, Space::psum), kRead, 1) == Counts{0, 0});
}

TEST_CASE("a write hides what it overwrites and nothing beside it") {
    HazardMap map(3);
    record(map, bytes(0, 96), kWrite, 0, 0);
    record(map, bytes(32, 32), kWrite, 1, 0);
    CHECK(needs(map, bytes(32, 32), kRead, 2) == Counts{0, 1, 0});
    CHECK(needs(map, bytes(0, 32), kRead, 2) == Counts{1, 0, 0});
    CHECK(needs(map, bytes(64, 32), kRead, 2) == Counts{1, 0, 0});
    CHECK(needs(map, bytes(0, 96), kRead, 2) == Counts{1, 1, 0});
}

TEST_CASE("a write of some partitions leaves the write of the others to be waited for") {
    HazardMap map(3);
    record(map, bytes(0, 32, 0, 128), kWrite, 0, 0);
    record(map, bytes(0, 32, 0, 64), kWrite, 1, 0);
    CHECK(needs(map, bytes(0, 32, 64, 64), kRead, 2)[0] == 1);
    CHECK(needs(map, bytes(0, 32, 0, 64), kRead, 2)[1] == 1);
    CHECK(needs(map, bytes(0, 32, 0, 128), kRead, 2) == Counts{1, 1, 0});
}

TEST_CASE("the latest of several instructions of one queue is enough") {
    HazardMap map(2);
    for (std::uint32_t i = 0; i < 5; ++i) record(map, bytes(i * 16, 16), kWrite, 0, i);
    CHECK(needs(map, bytes(0, 80), kRead, 1) == Counts{5, 0});
    CHECK(needs(map, bytes(0, 48), kRead, 1) == Counts{3, 0});
}

TEST_CASE("a wait that the queue has made already is not repeated") {
    WaitReducer reducer(2);
    for (int i = 0; i < 3; ++i) reducer.issue(0, {});
    CHECK(pairs(reducer.reduce(1, {2, 0})) == Pairs{{0, 2}});
    reducer.issue(1, waits({{0, 2}}));
    CHECK(reducer.reduce(1, {2, 0}).empty());
    CHECK(reducer.reduce(1, {1, 0}).empty());
    CHECK(pairs(reducer.reduce(1, {3, 0})) == Pairs{{0, 3}});
}

TEST_CASE("a wait that another wait implies is left out") {
    WaitReducer reducer(3);
    reducer.issue(0, {});
    reducer.issue(1, waits({{0, 1}}));  // queue 1 saw queue 0
    CHECK(pairs(reducer.reduce(2, {1, 1, 0})) == Pairs{{1, 1}});
    reducer.issue(2, waits({{1, 1}}));
    CHECK(reducer.reduce(2, {1, 0, 0}).empty());  // through queue 1
}

TEST_CASE("what an instruction waited for counts for those behind it only") {
    WaitReducer reducer(3);
    reducer.issue(0, {});
    reducer.issue(1, {});
    reducer.issue(1, waits({{0, 1}}));
    // Count 1 of queue 1 is the instruction before the one that waited.
    CHECK(pairs(reducer.reduce(2, {1, 1, 0})) == Pairs{{0, 1}, {1, 1}});
    CHECK(pairs(reducer.reduce(2, {1, 2, 0})) == Pairs{{1, 2}});
}

TEST_CASE("more waits than an instruction holds travel on a Sync before it") {
    Code code;
    for (int q = 0; q < 7; ++q) code.queues.push_back({program::Engine::pool, 0, static_cast<std::uint8_t>(q), {}});
    code.buffers.push_back({});
    code.buffers[BufferId(0)].name = "b";
    code.buffers[BufferId(0)].bytes = 24;
    const auto push = [&](std::uint8_t queue, program::Operation op) {
        VirtualInstruction in;
        in.op = std::move(op);
        in.buffer[0] = BufferId(0);
        if (std::holds_alternative<program::TensorScalar>(in.op)) in.buffer[1] = BufferId(0);
        in.queue = queue;
        code.instructions.push_back(in);
    };
    for (std::uint8_t q = 0; q < 6; ++q) push(q, program::Memset{bytes(q * 4, 4), 0.0F});
    program::TensorScalar copy;
    copy.src = copy.dst = bytes(0, 24);
    push(6, copy);
    Placement placement;
    placement.offset = {0};
    placement.order = {0, 1, 2, 3, 4, 5, 6};
    placement.queue_length.assign(256, 1);
    placement.first = {0};
    placement.last = {6};
    program::Program p;
    p.target.sb_partitions = 128;
    insert_waits(std::move(code), placement, p);
    const auto& last = p.queues[6].instructions;
    REQUIRE(last.size() == 2);
    CHECK(std::holds_alternative<program::Sync>(last[0].op));
    CHECK(last[0].waits.size() == 4);
    CHECK(last[1].waits.size() == 2);
    CHECK(last[0].sequence == 6);
    CHECK(last[1].sequence == 7);
    CHECK(p.allocations.at(0).last_sequence == 7);
}
