// Where saved bytes lie in device DRAM, and how much of it they take: with the code and without.
#include <catch2/catch.hpp>

#include <vector>

#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/spill_area.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

Eviction saved(BufferId b, int after, int before) { return {b, after, before, Return::reload, true, {}, false}; }

std::int64_t bytes_of(const Script& s, const std::vector<Eviction>& list) {
    const DryRun dry_run = dry_run_of(s.code);
    return spill_area_bytes(dry_run.liveness, dry_run.uses, list);
}

}  // namespace

TEST_CASE("the lowest stretch that is free and large enough is taken") {
    FirstFit area;
    CHECK(area.take(10) == 0);
    CHECK(area.take(20) == 10);
    CHECK(area.take(5) == 30);
    area.free(10);
    CHECK(area.take(21) == 35);
    CHECK(area.take(8) == 10);
    CHECK(area.take(12) == 18);
    CHECK(area.bytes() == 56);
    area.free(35);
    CHECK(area.bytes() == 56);  // the highest ever
}

TEST_CASE("saved bytes are kept up to the last use of the buffer, and what is saved together lies side by side") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(a), s.write(b);  // 0, 1
    s.read(a), s.read(b);    // 2, 3
    s.write(c), s.read(c);   // 4, 5
    CHECK(bytes_of(s, {saved(a, 0, 2), saved(b, 1, 3)}) == 2 * kWholeBuffer);
    CHECK(bytes_of(s, {saved(a, 0, 2), saved(c, 4, 5)}) == kWholeBuffer);
    CHECK(bytes_of(s, {}) == 0);
}

TEST_CASE("a write makes the saved bytes worthless, also where the next save follows at once") {
    Script s;
    const BufferId a = s.buffer("a");
    s.write(a), s.write(a), s.read(a);
    CHECK(bytes_of(s, {saved(a, 0, 1), saved(a, 1, 2)}) == kWholeBuffer);
}

TEST_CASE("what is written by then is saved, and nothing else") {
    Script s;
    const BufferId a = s.buffer("a");
    s.write(a, elements_at(0, 10)), s.write(a, elements_at(10, 10)), s.read(a);
    CHECK(bytes_of(s, {saved(a, 0, 1)}) == 128 * 20);
    CHECK(bytes_of(s, {saved(a, 1, 2)}) == 128 * 30);
}

TEST_CASE("more than a transfer can address is known without any code") {
    // 64 KiB in 128 partitions are 8 MiB: of 513 buffers saved at once the last one lies behind 4 GiB.
    Liveness liveness;
    Uses uses;
    std::vector<Eviction> list;
    for (int n = 0; n < 513; ++n) {
        const BufferId b = liveness.buffers.push_back({});
        liveness.lives.push_back({n, 2000});
        uses.write_begin.push_back(static_cast<std::uint32_t>(n));
        uses.write_position.push_back(n);
        uses.write_bytes.push_back(8 << 20);
        list.push_back(saved(b, n, 1000 + n));
    }
    uses.write_begin.push_back(513);
    CHECK(spill_area_bytes(liveness, uses, list) > kMostSpillBytes);
    list.resize(511);
    CHECK(spill_area_bytes(liveness, uses, list) < kMostSpillBytes);
}
