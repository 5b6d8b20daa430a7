// The liveness of a code with its evictions carried out, against paper and against the code itself.
#include <catch2/catch.hpp>

#include <variant>

#include "base/random.hpp"
#include "compiler/memory/evicted_liveness.hpp"
#include "compiler/memory/spill.hpp"
#include "compiler/memory/spill_area.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

void check_life(const Liveness& liveness, BufferId b, int first, int last) {
    INFO(liveness.buffers[b].name << ", buffer " << b.value());
    CHECK(liveness.lives[b].first == first);
    CHECK(liveness.lives[b].last == last);
}

/// One DMA engine and whole buffers: every save and every return is one instruction, so both must be equal.
void check_equal(const Liveness& dry_run, const Liveness& real) {
    CHECK(dry_run.layer == real.layer);
    REQUIRE(dry_run.buffers.size() == real.buffers.size());
    for (BufferId b : real.buffers.ids()) {
        INFO("buffer " << b.value());
        CHECK(dry_run.buffers[b].name == real.buffers[b].name);
        CHECK(dry_run.buffers[b].rotates == real.buffers[b].rotates);
        CHECK(dry_run.lives[b].first == real.lives[b].first);
        CHECK(dry_run.lives[b].last == real.lives[b].last);
    }
    REQUIRE(dry_run.loads.size() == real.loads.size());
    for (LoadId l : real.loads.ids()) {
        INFO("load " << l.value());
        CHECK(dry_run.loads[l].buffer == real.loads[l].buffer);
        CHECK(dry_run.loads[l].stream == real.loads[l].stream);
        CHECK(dry_run.loads[l].front == real.loads[l].front);
        CHECK(dry_run.loads[l].earliest == real.loads[l].earliest);
    }
}

Liveness evicted(const Script& s, const std::vector<Eviction>& list) {
    const DryRun dry_run = dry_run_of(s.code);
    return evicted_liveness(dry_run.liveness, dry_run.uses, list);
}

}  // namespace

TEST_CASE("without evictions an liveness stays as it is") {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w");
    s.load(w), s.copy(w, a), s.read(a);
    const DryRun dry_run = dry_run_of(s.code);
    const Liveness& liveness = dry_run.liveness;
    const Uses& uses = dry_run.uses;
    check_equal(evicted_liveness(liveness, uses, {}), liveness);
}

TEST_CASE("a save stands behind the use before the gap, the reload in front of the next, each life ending in between") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b");
    s.write(a);  // 0
    s.layer = 1;
    s.write(b), s.read(b);  // 1, 2
    s.layer = 2;
    s.read(a);  // 3
    const Liveness dry_run = evicted(s, {{a, 0, 3, Return::reload, true}});
    // write a, save, write b, read b, reload, read a
    CHECK(dry_run.layer == std::vector<std::uint16_t>{0, 0, 1, 1, 2, 2});
    REQUIRE(dry_run.buffers.size() == 3);
    check_life(dry_run, a, 0, 1);
    check_life(dry_run, b, 2, 3);
    check_life(dry_run, BufferId(2), 4, 5);
    CHECK(dry_run.buffers[BufferId(2)].name == "a");
    REQUIRE(dry_run.loads.size() == 1);
    CHECK(dry_run.loads[LoadId(0)].buffer == BufferId(2));
    CHECK(dry_run.loads[LoadId(0)].stream == kReloadStream);
    CHECK(dry_run.loads[LoadId(0)].earliest == 2);
    CHECK(dry_run.loads[LoadId(0)].front == 4);
}

TEST_CASE("a load that is issued again keeps its stream and may start at once; nothing is saved") {
    Script s;
    const BufferId w = s.buffer("w"), b = s.buffer("b");
    s.load(w);  // 0
    s.code.loads[LoadId(0)].stream = 1;
    s.read(w);              // 1
    s.write(b), s.read(b);  // 2, 3
    s.read(w);              // 4
    const Liveness dry_run = evicted(s, {{w, 1, 4, Return::reissue, false}});
    CHECK(dry_run.layer.size() == 6);
    check_life(dry_run, w, 0, 1);
    check_life(dry_run, b, 2, 3);
    check_life(dry_run, BufferId(2), 4, 5);
    REQUIRE(dry_run.loads.size() == 2);
    CHECK(dry_run.loads[LoadId(1)].buffer == BufferId(2));
    CHECK(dry_run.loads[LoadId(1)].stream == 1);
    CHECK(dry_run.loads[LoadId(1)].earliest == 0);
    CHECK(dry_run.loads[LoadId(1)].front == 4);
}

TEST_CASE("a buffer that comes back twice from one save has three lives") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b");
    s.write(a);             // 0, save 1
    s.write(b), s.read(b);  // 1, 2
    s.read(a);              // 3, reload at 4
    s.write(b), s.read(b);  // 4, 5
    s.read(a);              // 6, reload at 8
    const Liveness dry_run = evicted(s, {{a, 0, 3, Return::reload, true}, {a, 3, 6, Return::reload, false}});
    check_life(dry_run, a, 0, 1);
    check_life(dry_run, BufferId(2), 4, 5);
    check_life(dry_run, BufferId(3), 8, 9);
    check_life(dry_run, b, 2, 7);
    REQUIRE(dry_run.loads.size() == 2);
    CHECK(dry_run.loads[LoadId(1)].earliest == 2);
}

TEST_CASE("the evicted liveness is that of the code that carrying the evictions out makes") {
    RandomStream random(11, "evicted outlines");
    int evictions = 0;
    for (int round = 0; round < 300; ++round) {
        Script s;
        const int buffers = static_cast<int>(random.uniform_int(2, 9));
        for (int b = 0; b < buffers; ++b) {
            const BufferId id = s.buffer("buffer " + std::to_string(b));
            random.uniform_int(0, 2) == 0 ? s.load(id) : s.write(id);
        }
        for (int n = 0; n < 40; ++n) {
            s.layer = static_cast<std::uint16_t>(n / 10);
            const auto any = [&] { return static_cast<BufferId>(random.uniform_int(0, buffers - 1)); };
            const BufferId a = any(), b = any();
            switch (random.uniform_int(0, 3)) {
                case 0: s.write(a); break;
                case 1: s.copy(a, b); break;
                default: s.read(a);
            }
        }
        EvictionOptions options;
        options.budget = kBufferBytes * random.uniform_int(2, buffers);
        const DryRun before = dry_run_of(s.code);
        const auto outcome = choose_evictions(before.liveness, before.uses, options);
        REQUIRE(std::holds_alternative<std::vector<Eviction>>(outcome));
        const auto& list = std::get<std::vector<Eviction>>(outcome);
        evictions += static_cast<int>(list.size());
        INFO("round " << round << ", " << list.size() << " evictions");
        const Liveness expected = evicted_liveness(before.liveness, before.uses, list);
        const Spilled spilled = apply_evictions(std::move(s.code), before, list, 0);
        check_equal(expected, dry_run_of(spilled.code).liveness);
        CHECK(spill_area_bytes(before.liveness, before.uses, list) == spill_segment_bytes(spilled.code));
        CHECK(eviction_instructions(before.uses, list) ==
              static_cast<std::int64_t>(spilled.code.instructions.size() - before.liveness.layer.size()));
        // With one engine every save and every return is one instruction.
        REQUIRE(spilled.position.size() == expected.layer.size() + 1);
        for (std::size_t p = 0; p < spilled.position.size(); ++p)
            REQUIRE(spilled.position[p] == static_cast<std::int32_t>(p));
    }
    CHECK(evictions > 1000);
}
