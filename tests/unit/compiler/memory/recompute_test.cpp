// Which buffers can be computed again, from what, at what price; that they are where it pays; and that nothing changes
// by it.
#include <catch2/catch.hpp>

#include <map>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/evicted_liveness.hpp"
#include "compiler/memory/spill.hpp"
#include "support/program_builder.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

using Ids = std::vector<BufferId>;
using Positions = std::vector<std::int32_t>;

/// 1 GHz engines; 10 GB/s of device DRAM for a core: 10 bytes in a cycle, and a cycle of computing counts as two.
DryRun dry_run_with_recipes(const Script& s) {
    DryRun dry_run = dry_run_of(s.code, true);
    dry_run.uses.recipes = recipes_of(dry_run, round_chip(), 64);
    return dry_run;
}
Uses uses_with_recipes(const Script& s) { return dry_run_with_recipes(s).uses; }
Spilled carried_out(Script& s, const DryRun& dry_run, const std::vector<Eviction>& list) {
    return apply_evictions(std::move(s.code), dry_run, list, 0);
}

/// Instructions that touch nothing of interest, enough for a gap worth leaving for.
void wait(Script& s, int instructions = 20) {
    const BufferId other = s.buffer("other", 4);
    for (int i = 0; i < instructions; ++i) s.write(other, elements_at(0, 2));
}

Recipe only_recipe(const Uses& uses, BufferId b, std::int32_t before) {
    REQUIRE(uses.recipes.list.size() == 1);
    REQUIRE(uses.recipes.find(b, before).value() == 0);
    return uses.recipes.list[RecipeId(0)];
}

std::vector<Eviction> chosen(const DryRun& dry_run, std::int64_t budget, bool recompute = true, bool spill = true) {
    EvictionOptions options;
    options.budget = budget;
    options.recompute = recompute;
    options.spill = spill;
    const auto outcome = choose_evictions(dry_run.liveness, dry_run.uses, options);
    REQUIRE(std::holds_alternative<std::vector<Eviction>>(outcome));
    return std::get<std::vector<Eviction>>(outcome);
}

}  // namespace

TEST_CASE("what was copied from a buffer that is still there can be copied again, at the price of the engine's time") {
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y");
    s.write(x);            // 0
    s.copy(x, y);          // 1
    wait(s);               // 2 to 21
    s.read(y), s.read(x);  // 22, 23
    const Uses uses = uses_with_recipes(s);
    const RecipeId fill =
        uses.recipes.find(x, 23);  // zeros can be made again as well: 25 + 10 cycles, at least 64 + 10
    REQUIRE(fill.exists());
    CHECK(uses.recipes.list[fill].kept.empty());
    const RecipeId copy = uses.recipes.find(y, 22);
    REQUIRE(copy.exists());
    const Recipe& r = uses.recipes.list[copy];
    CHECK(r.instructions == Positions{1});
    CHECK(r.kept == Ids{x});
    CHECK((r.loaded.empty() && r.made.empty() && r.in_place.empty()));
    CHECK(r.engines == nanoseconds(74));
    CHECK(r.traffic_bytes == 1480);
    CHECK(r.load_bytes == 0);
    CHECK(!uses.recipes.find(y, 23).exists());
    CHECK(!uses.recipes.find(x, 22).exists());
}

TEST_CASE(
    "no recipe: an operand that was written since, results of the PE, loads, short gaps, buffers written behind the "
    "gap") {
    const auto none = [](const char* what, auto&& between, auto&& make, int gap = 20) {
        Script s;
        const BufferId x = s.buffer("x"), y = s.buffer("y");
        s.load(x);
        make(s, x, y);
        wait(s, gap);
        between(s, x, y);
        s.read(y);
        s.read(x);
        INFO(what);
        const Uses uses = uses_with_recipes(s);
        const RecipeId at = uses.recipes.begin[y], end = uses.recipes.begin[y.next()];
        CHECK(at == end);
    };
    const auto nothing = [](Script&, BufferId, BufferId) {};
    const auto copy = [](Script& s, BufferId x, BufferId y) { s.copy(x, y); };
    none(
        "x is loaded twice", [](Script& s, BufferId x, BufferId) { s.load(x); }, copy);
    none(
        "y is written behind the gap", [](Script& s, BufferId x, BufferId y) { s.copy(x, y); }, copy);
    none("too soon", nothing, copy, 14);
    none("from PSUM", nothing, [](Script& s, BufferId, BufferId y) {
        program::Activate act;
        act.src = act.dst = whole();
        act.src.space = program::Space::psum;
        s.push(act, 4, {kNoBuffer, y});
    });
    none("loaded", nothing, [](Script& s, BufferId, BufferId y) { s.load(y); });
    Script control;  // the same without any of these has one
    const BufferId x = control.buffer("x"), y = control.buffer("y");
    control.load(x), control.copy(x, y), wait(control), control.read(y), control.read(x);
    CHECK(only_recipe(uses_with_recipes(control), y, 22).kept == Ids{x});
}

TEST_CASE("what frees little is not computed again") {
    Script s;
    const BufferId x = s.buffer("x", 200), y = s.buffer("y", 200);
    s.load(x), s.copy(x, y), wait(s), s.read(y), s.read(x);
    const DryRun dry_run = dry_run_of(s.code, true);
    CHECK(recipes_of(dry_run, round_chip(), 200).find(y, 22).value() == 0);
    CHECK(recipes_of(dry_run, round_chip(), 201).list.empty());
}

TEST_CASE("a dead operand is loaded again where its load brought all of it, into a buffer for that time") {
    Script s;
    const BufferId w = s.buffer("w"), y = s.buffer("y");
    s.load(w, s.segment(program::Purpose::constants));  // 0
    s.copy(w, y);                                       // 1: its last use
    wait(s);
    s.read(y);  // 22
    const Uses uses = uses_with_recipes(s);
    const Recipe r = only_recipe(uses, y, 22);
    CHECK(r.kept.empty());
    CHECK(r.loaded == Ids{w});
    CHECK(r.load_bytes == 128 * 512);  // a row of 100 bytes costs as much as the shortest, 512
    CHECK(r.traffic_bytes == 1480);
}

TEST_CASE(
    "a dead intermediate is made again, in the buffer of the result where each element of it becomes one of that") {
    const auto recipe = [](bool shifted) {
        Script s;
        const BufferId x = s.buffer("x"), t = s.buffer("t"), y = s.buffer("y");
        s.load(x);     // 0
        s.copy(x, t);  // 1
        if (shifted) s.copy(t, y, elements_at(0, 49), elements_at(2, 49));
        else s.copy(t, y);  // 2: the last use of t
        wait(s);
        s.read(y), s.read(x);  // 23, 24
        const Uses uses = uses_with_recipes(s);
        const Recipe r = only_recipe(uses, y, 23);
        CHECK(r.instructions == Positions{1, 2});
        CHECK(r.kept == Ids{x});
        CHECK(r.traffic_bytes == 2960);
        return std::make_pair(r.made, r.in_place);
    };
    CHECK(recipe(false) == std::make_pair(Ids{}, Ids{BufferId(1)}));
    CHECK(recipe(true) == std::make_pair(Ids{BufferId(1)}, Ids{}));
}

TEST_CASE("all writes of a buffer are repeated in their order, also where they read what was written before") {
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y");
    s.load(x);                                               // 0
    s.copy(x, y, elements_at(0, 20), elements_at(0, 20));    // 1
    s.copy(x, y, elements_at(40, 30), elements_at(40, 30));  // 2
    s.copy(y, y, elements_at(0, 10), elements_at(10, 10));   // 3
    wait(s);
    s.read(y), s.read(x);  // 24
    const Recipe r = only_recipe(uses_with_recipes(s), y, 24);
    CHECK(r.instructions == Positions{1, 2, 3});
    CHECK(r.kept == Ids{x});
}

TEST_CASE("what engines make sooner than device DRAM returns is computed again; nothing is saved") {
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y"), z = s.buffer("z");
    s.load(x), s.copy(x, y);          // 0, 1
    s.write(z);                       // 2: three are alive
    wait(s);                          // 3 to 22
    s.read(z), s.read(y), s.read(x);  // 23, 24, 25
    const DryRun dry_run = dry_run_with_recipes(s);
    const Uses& uses = dry_run.uses;
    const auto list = chosen(dry_run, 210);
    REQUIRE(list.size() == 1);
    CHECK(list[0].buffer == y);
    CHECK(list[0].after == 1);
    CHECK(list[0].before == 24);
    CHECK(list[0].by == Return::recompute);
    CHECK(!list[0].save);
    CHECK(traffic_bytes({list[0]}, uses) == 1480);
    CHECK(chosen(dry_run, 210, false)[0].by == Return::reissue);  // x then, which comes back by its load

    const Spilled spilled = carried_out(s, dry_run, list);
    const SpillReport& report = spilled.report;
    CHECK(report.recomputed_instructions == 1);
    CHECK(report.recompute_time == nanoseconds(74));
    CHECK(report.tensors.empty());
    CHECK(report.reissued_bytes == 0);
    CHECK(spill_segment_bytes(spilled.code) == 0);
    REQUIRE(spilled.code.instructions.size() == 27);
    const VirtualInstruction& again = spilled.code.instructions[24];
    REQUIRE(std::holds_alternative<program::TensorScalar>(again.op));
    CHECK(again.queue == 5);
    CHECK(again.load == kNoLoad);
    CHECK(again.buffer[0] == x);
    CHECK(again.buffer[1] == spilled.code.buffers.next_id().next(-1));
    CHECK(spilled.code.instructions[25].buffer[0] == again.buffer[1]);
}

TEST_CASE("a source comes back for what is computed from it, and what is computed from that comes after it") {
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y"), z = s.buffer("z"), big = s.buffer("big", 290);
    s.load(x), s.copy(x, y), s.copy(x, y), s.copy(y, z);  // 0 to 3: y costs twice as much as z, so z goes first
    s.write(big, elements_at(0, 145));                    // 4: leaves room for none of them
    wait(s);                                              // 5 to 24
    s.read(z), s.read(y), s.read(x);                      // 25, 26, 27
    const DryRun dry_run = dry_run_with_recipes(s);
    const auto list = chosen(dry_run, 310);
    REQUIRE(list.size() == 3);
    for (const Eviction& e : list) CHECK(e.before == 25);
    CHECK(list[0].buffer == x);
    CHECK(list[0].by == Return::reissue);
    CHECK(list[1].buffer == y);
    CHECK(list[1].by == Return::recompute);
    CHECK(list[2].buffer == z);
    CHECK(list[2].by == Return::recompute);
}

TEST_CASE("where there is no room for the source beside the result, the result is spilled after all") {
    // While z is needed, x cannot be there as well.
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y"), z = s.buffer("z", 200);
    s.load(x), s.copy(x, y);          // 0, 1
    s.write(z, elements_at(0, 100));  // 2
    wait(s);
    s.copy(z, y, elements_at(100, 50), whole());  // 23: y is written, so it has to be there with z
    s.read(y);
    s.read(x);
    const DryRun dry_run = dry_run_with_recipes(s);
    for (const Eviction& e : chosen(dry_run, 304)) CHECK(e.by != Return::recompute);
}

TEST_CASE(
    "small constants stay for what is computed with them later, where they are still there when that is decided") {
    const auto evictions = [](std::int64_t bytes) {
        Script s;
        const BufferId x = s.buffer("x", 1600), c = s.buffer("c", bytes), y = s.buffer("y", 1600),
                       z = s.buffer("z", 1600);
        s.load(x), s.load(c, s.segment(program::Purpose::constants));  // 0, 1
        program::TensorTensor sum;
        sum.a = sum.b = sum.dst = elements_at(0, 800);
        sum.b.step[3] = 0;
        s.push(sum, 5, {x, c, y});  // 2
        s.push(sum, 5, {x, c, z});  // 3: the last use of c
        wait(s);
        s.read(z), s.read(y), s.read(x);  // 24, 25, 26
        const DryRun dry_run = dry_run_with_recipes(s);
        const Uses& uses = dry_run.uses;
        const auto list = chosen(dry_run, 3400);
        REQUIRE(list.size() == 1);
        CHECK(list[0].buffer == y);
        CHECK(list[0].by == Return::recompute);
        const Liveness expected = evicted_liveness(dry_run.liveness, uses, list);
        CHECK(expected.loads.size() == (list[0].kept_loads ? 2U : 3U));
        if (list[0].kept_loads) CHECK(expected.lives[c].last == 25);  // where y comes back
        const SpillReport report = carried_out(s, dry_run, list).report;
        CHECK((report.reissued_bytes == 0) == list[0].kept_loads);
        return list[0].kept_loads;
    };
    CHECK(evictions(100));
    CHECK(!evictions(104));  // more than a sixteenth of y
}

namespace {

/// Runs virtual code on buffers that hold one number each: what is read, in order.
std::vector<std::uint64_t> values_read(const Code& code) {
    std::vector<std::uint64_t> buffer(code.buffers.size(), 0), seen;
    std::map<std::uint32_t, std::uint64_t> spilled;  // by address
    const auto mix = [](std::uint64_t a, std::uint64_t b) {
        return (a * 0x9E3779B97F4A7C15U) ^ (b + (a >> 29) + 0x632BE5ABU);
    };
    for (const VirtualInstruction& in : code.instructions) {
        const auto at = [&](int operand) -> std::uint64_t& {
            return buffer[in.buffer[static_cast<std::size_t>(operand)].index()];
        };
        if (const auto* set = std::get_if<program::Memset>(&in.op))
            at(0) = mix(1, static_cast<std::uint64_t>(set->value));
        else if (const auto* load = std::get_if<program::DmaLoad>(&in.op))
            at(0) = code.segments[load->src.segment].purpose == program::Purpose::spill ? spilled.at(load->src.offset)
                                                                                        : mix(2, load->src.offset);
        else if (const auto* copy = std::get_if<program::TensorScalar>(&in.op))
            at(1) = mix(at(0), static_cast<std::uint64_t>(copy->scalar0.value));
        else if (const auto* sum = std::get_if<program::TensorTensor>(&in.op))
            at(2) = mix(at(0), mix(at(1), sum->relu ? 5 : 4));
        else if (const auto* store = std::get_if<program::DmaStore>(&in.op)) {
            if (code.segments[store->dst.segment].purpose == program::Purpose::spill)
                spilled[store->dst.offset] = at(0);
            else seen.push_back(at(0));
        }
    }
    return seen;
}

/// Loads (every second one of constants), fills, functions of one and of two buffers, and reads, of few buffers.
Script random_script(RandomStream& random) {
    Script s;
    const int buffers = static_cast<int>(random.uniform_int(3, 12));
    const std::uint32_t constants = s.segment(program::Purpose::constants);
    for (int b = 0; b < buffers; ++b) {
        const BufferId id = s.buffer("buffer " + std::to_string(b));
        if (b > 0 && random.uniform_int(0, 2) > 0) {
            s.copy(static_cast<BufferId>(random.uniform_int(0, b - 1)), id);
            continue;
        }
        s.load(id, b % 2 == 0 ? constants : 0);
        std::get<program::DmaLoad>(s.code.instructions.back().op).src.offset = static_cast<std::uint32_t>(b);
    }
    Ids active(3);  // the others have a break
    for (int n = 0; n < 200; ++n) {
        if (n % 25 == 0)
            for (BufferId& b : active) b = static_cast<BufferId>(random.uniform_int(0, buffers - 1));
        const auto any = [&] { return active[static_cast<std::size_t>(random.uniform_int(0, 2))]; };
        const BufferId a = any(), b = any(), c = any();
        const std::int64_t what = random.uniform_int(0, 49);
        if (what == 0) {
            s.write(a);
            std::get<program::Memset>(s.code.instructions.back().op).value = static_cast<float>(n);
        } else if (what <= 3) {
            s.copy(a, b);
            std::get<program::TensorScalar>(s.code.instructions.back().op).scalar0 =
                program::ScalarOperand::immediate(static_cast<float>(n));
        } else if (what == 4) {
            program::TensorTensor sum;
            sum.a = sum.b = sum.dst = whole();
            s.push(sum, 5, {a, b, c});
        } else {
            s.read(a);
        }
    }
    return s;
}

}  // namespace

TEST_CASE("whatever is saved, loaded or computed again, everybody reads what was to be read") {
    RandomStream random(5, "recompute");
    int computed = 0, chains = 0, saved = 0;
    for (int round = 0; round < 2000; ++round) {
        Script s = random_script(random);
        const DryRun dry_run = dry_run_with_recipes(s);
        const Uses& uses = dry_run.uses;
        const auto before = values_read(s.code);
        EvictionOptions options;
        options.budget =
            kBufferBytes *
            random.uniform_int(3, std::max<std::int64_t>(3, static_cast<std::int64_t>(s.code.buffers.size()) - 1));
        options.rematerialization = random.uniform_int(0, 3) != 0;
        const auto outcome = choose_evictions(dry_run.liveness, uses, options);
        REQUIRE(std::holds_alternative<std::vector<Eviction>>(outcome));
        const auto& list = std::get<std::vector<Eviction>>(outcome);
        for (const Eviction& e : list) {
            computed += e.by == Return::recompute;
            chains += e.by == Return::recompute && uses.recipes.list[e.recipe].instructions.size() > 1;
            saved += e.save;
        }
        const Liveness expected = evicted_liveness(dry_run.liveness, uses, list);
        const Spilled spilled = carried_out(s, dry_run, list);
        INFO("round " << round << ", " << list.size() << " evictions");
        REQUIRE(values_read(spilled.code) == before);
        // The evicted liveness has the same buffers and loads, and never more alive than the budget allows.
        const Liveness real = dry_run_of(spilled.code).liveness;
        CHECK(expected.buffers.size() == real.buffers.size());
        CHECK(expected.loads.size() == real.loads.size());
        for (const Liveness* o : {&expected, &real}) CHECK(peak_of(*o).bytes <= options.budget);
    }
    CHECK(computed > 300);
    CHECK(chains > 50);
    CHECK(saved > 1000);
}
