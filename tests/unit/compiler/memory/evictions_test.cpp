// Which buffers go when the live ones exceed a budget, how they come back, and what that writes into a code.
#include <catch2/catch.hpp>

#include <utility>
#include <variant>
#include <vector>

#include "compiler/memory/evictions.hpp"
#include "compiler/memory/spill.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

constexpr std::int64_t kAll = kWholeBuffer;

std::variant<std::vector<Eviction>, NoRoom> choose(const Script& s, std::int64_t budget, bool spill = true,
                                                   bool rematerialization = true) {
    EvictionOptions options;
    options.budget = budget;
    options.spill = spill;
    options.rematerialization = rematerialization;
    const DryRun dry_run = dry_run_of(s.code);
    return choose_evictions(dry_run.liveness, dry_run.uses, options);
}

std::vector<Eviction> chosen(const Script& s, std::int64_t budget, bool spill = true, bool rematerialization = true) {
    auto outcome = choose(s, budget, spill, rematerialization);
    REQUIRE(std::holds_alternative<std::vector<Eviction>>(outcome));
    return std::get<std::vector<Eviction>>(outcome);
}

void check(const Eviction& e, BufferId buffer, int after, int before, Return by, bool save) {
    CHECK(e.buffer == buffer);
    CHECK(e.after == after);
    CHECK(e.before == before);
    CHECK(e.by == by);
    CHECK(e.save == save);
}

/// The report; the script's code is what comes of it.
SpillReport spill(Script& s, const std::vector<Eviction>& list) {
    const DryRun dry_run = dry_run_of(s.code);
    Spilled spilled = apply_evictions(std::move(s.code), dry_run, list, 0);
    s.code = std::move(spilled.code);
    return std::move(spilled.report);
}

}  // namespace

TEST_CASE("nothing goes while everything fits") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b");
    s.write(a), s.write(b), s.read(a), s.read(b);
    CHECK(chosen(s, 200).empty());
}

TEST_CASE("of two buffers the one goes that is needed later") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(a), s.write(b);  // 0, 1
    s.write(c), s.read(c);   // 2: three are alive
    s.read(a), s.read(b);    // 4, 5
    const auto list = chosen(s, 200);
    REQUIRE(list.size() == 1);
    check(list[0], b, 1, 5, Return::reload, true);
}

TEST_CASE("what device DRAM holds costs half and so goes before what must be saved first") {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w"), c = s.buffer("c");
    s.write(a), s.load(w), s.read(w);  // 0, 1, 2
    s.write(c), s.read(c);             // 3
    s.read(w), s.read(a);              // 5, 6: 2 instructions away for one transfer against 3 for two
    const auto list = chosen(s, 200);
    REQUIRE(list.size() == 1);
    check(list[0], w, 2, 5, Return::reissue, false);
}

TEST_CASE("loads are not issued again where rematerialization is off, and nothing is saved where spilling is") {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w"), c = s.buffer("c");
    s.write(a), s.load(w), s.read(w), s.write(c), s.read(c), s.read(a), s.read(w);
    const auto spilled = chosen(s, 200, true, false);
    REQUIRE(spilled.size() == 1);
    check(spilled[0], w, 2, 6, Return::reload, true);
    const auto again = chosen(s, 200, false, true);
    REQUIRE(again.size() == 1);
    check(again[0], w, 2, 6, Return::reissue, false);
    const auto neither = choose(s, 200, false, false);
    REQUIRE(std::holds_alternative<NoRoom>(neither));
    CHECK(std::get<NoRoom>(neither).position == 3);
    CHECK(std::get<NoRoom>(neither).wanted == 300);
    CHECK(std::get<NoRoom>(neither).buffers.size() == 3);
}

TEST_CASE("what one instruction needs at once must be there") {
    Script s;
    const BufferId a = s.buffer("a");
    s.write(a), s.read(a);
    const auto no = choose(s, 99);
    REQUIRE(std::holds_alternative<NoRoom>(no));
    CHECK(std::get<NoRoom>(no).position == 0);
    CHECK(std::get<NoRoom>(no).wanted == 100);
}

TEST_CASE("a buffer that was read since it came back is clean, one that was written is dirty") {
    const auto second_leave = [](bool writes) {
        Script s;
        const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
        s.write(a);                       // 0
        s.write(b), s.read(b);            // 1: a goes
        writes ? s.write(a) : s.read(a);  // 3: and comes back
        s.write(c), s.read(c);            // 4: and goes
        s.read(a);                        // 6
        const auto list = chosen(s, 100);
        REQUIRE(list.size() == 2);
        check(list[0], a, 0, 3, Return::reload, true);
        check(list[1], a, 3, 6, Return::reload, writes);
        SpillReport report = spill(s, list);
        REQUIRE(report.tensors.size() == 1);
        CHECK(report.tensors[0].saves == (writes ? 2 : 1));
        CHECK(report.tensors[0].reloads == 2);
        CHECK(report.tensors[0].save_bytes == (writes ? 2 : 1) * kAll);
        CHECK(report.tensors[0].reload_bytes == 2 * kAll);
        CHECK(spill_segment_bytes(s.code) == kAll);  // the second save takes the place of the first
    };
    second_leave(false);
    second_leave(true);
}

TEST_CASE("a save stands behind the last use, its reload before the next and not above the save") {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b");
    s.write(a), s.write(b), s.read(b), s.read(a);
    spill(s, chosen(s, 100));
    CHECK(spill_segment_bytes(s.code) == kAll);
    // write a, save, write b, read b, reload, read a; one DMA engine moves all.
    const auto& code = s.code;
    REQUIRE(code.instructions.size() == 6);
    const auto* save = std::get_if<program::DmaStore>(&code.instructions[1].op);
    const auto* reload = std::get_if<program::DmaLoad>(&code.instructions[4].op);
    REQUIRE(save);
    REQUIRE(reload);
    CHECK(code.instructions[1].buffer[0] == a);
    CHECK(code.segments[save->dst.segment].name == "spill");
    CHECK(code.segments[save->dst.segment].bytes == kAll);
    CHECK(reload->src.segment == save->dst.segment);
    CHECK(reload->src.offset == save->dst.offset);
    const BufferId home = code.instructions[4].buffer[0];
    CHECK(home.value() == 2);  // a place of its own
    CHECK(code.instructions[5].buffer[0] == home);
    REQUIRE(code.instructions[4].load.value() == 0);
    CHECK(code.loads[LoadId(0)].stream == kReloadStream);
    CHECK(code.loads[LoadId(0)].earliest == 2);
}

TEST_CASE("a load that is issued again reads the same bytes and needs no segment") {
    Script s;
    const BufferId w = s.buffer("w"), b = s.buffer("b");
    s.load(w), s.read(w), s.write(b), s.read(b), s.read(w);
    const SpillReport report = spill(s, chosen(s, 100));
    CHECK(report.reissued_bytes == kAll);
    CHECK(report.tensors.empty());
    CHECK(s.code.segments.size() == 1);
    REQUIRE(s.code.instructions.size() == 6);
    REQUIRE(std::holds_alternative<program::DmaLoad>(s.code.instructions[4].op));
    CHECK(s.code.instructions[4].load.value() == 1);
    CHECK(s.code.instructions[5].buffer[0] == s.code.instructions[4].buffer[0]);
}
