// The strategies of fit in their order, on codes of a few buffers: plans are numbers, and nothing is emitted.
#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/search/fit.hpp"
#include "compiler/search/fit_memory.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// Three buffers of 100 bytes at once.
Script three_at_once() {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(a), s.write(b), s.write(c), s.read(c), s.read(a), s.read(b);
    return s;
}
/// The same, of which one is loaded.
Script three_with_weights() {
    Script s;
    const BufferId a = s.buffer("a"), w = s.buffer("w"), c = s.buffer("c");
    s.write(a), s.load(w), s.read(w), s.write(c), s.read(c), s.read(w), s.read(a);
    return s;
}
Script two_at_once() {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b");
    s.write(a), s.write(b), s.read(b), s.read(a);
    return s;
}
/// `n` buffers that one instruction after the other needs; two that are read by one instruction.
Script pair_at_once() {
    Script s;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(c), s.write(a), s.copy(a, b), s.copy(b, a), s.read(c);
    return s;
}

/// Fits codes by number: plan n has slab_bytes n.
class Bench {
public:
    Bench() {
        options.evictions.recompute = false;
        options.target.dma_engines = 1;
        options.target.dram_region_bytes = 1 << 30;
        options.target.psum_banks = 8;
        emission.dry_run = [this](const Plan& plan, std::int64_t capacity) { return dry_run(plan, capacity); };
    }
    void code(std::int64_t number, Script script, bool keep = false) {
        codes.emplace(number, std::move(script));
        if (keep) kept.push_back(number);
    }
    std::variant<Decision, DoesNotFit> run(std::int64_t capacity, const std::vector<std::int64_t>& numbers,
                                           FitMemory* memory = nullptr) {
        options.allocate.capacity = capacity;
        std::vector<Plan> plans;
        for (std::int64_t n : numbers) {
            plans.push_back(base);
            plans.back().slab_bytes = n;
        }
        return fit(plans, emission, {{"first", "conv", 0, 0}, {"second", "conv", 0, 0}}, options, memory);
    }
    Decision decided(std::int64_t capacity, const std::vector<std::int64_t>& numbers) {
        auto outcome = run(capacity, numbers);
        if (const auto* no = std::get_if<DoesNotFit>(&outcome)) FAIL(no->text);
        return std::move(std::get<Decision>(outcome));
    }
    DoesNotFit refused(std::int64_t capacity, const std::vector<std::int64_t>& numbers) {
        auto outcome = run(capacity, numbers);
        REQUIRE(std::holds_alternative<DoesNotFit>(outcome));
        return std::get<DoesNotFit>(outcome);
    }

    FitOptions options;
    PlanEmission emission;
    Plan base;
    std::map<std::int64_t, Script> codes;
    std::vector<std::int64_t> kept;   ///< numbers whose code the dry run keeps
    std::vector<std::int64_t> asked;  ///< plans of which dry runs were made
    std::vector<std::int64_t> capacities;

private:
    std::variant<Emission, BufferTooLarge, DoesNotFit> dry_run(const Plan& plan, std::int64_t capacity) {
        asked.push_back(plan.slab_bytes);
        capacities.push_back(capacity);
        const auto found = codes.find(plan.slab_bytes);
        if (found == codes.end()) {
            DoesNotFit no;
            no.resource = resource::psum;
            no.text = "plan " + std::to_string(plan.slab_bytes);
            return no;
        }
        const Code& code = found->second.code;
        for (const Buffer& b : code.buffers)
            if (b.bytes > capacity) return BufferTooLarge{};
        Emission emitted{dry_run_of(code), dram_needs(code.segments, code.instructions.size()), std::nullopt};
        if (std::find(kept.begin(), kept.end(), plan.slab_bytes) != kept.end()) emitted.code = code;
        return emitted;
    }
};

std::vector<std::string> strategies_of(const Decision& decision) {
    std::vector<std::string> names;
    for (const Attempt& a : decision.attempts)
        if (!a.step) names.push_back(a.name);
    return names;
}
std::vector<std::string> taken_of(const Decision& decision) {
    std::vector<std::string> names;
    for (const Attempt& a : decision.attempts)
        if (a.taken) names.push_back(a.name);
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the first plan that finds addresses is taken as it is, with its code if the dry run kept that") {
    Bench bench;
    bench.code(1, three_at_once(), true);
    bench.code(2, two_at_once(), true);
    bench.code(3, two_at_once());
    const Decision d = bench.decided(299, {1, 2, 3});
    CHECK(d.plan.slab_bytes == 2);
    CHECK(d.evictions.empty());
    CHECK(d.allocation.offset.size() == 2);
    REQUIRE(d.code);
    CHECK(d.code->instructions.size() == 4);
    CHECK(bench.asked == std::vector<std::int64_t>{1, 2});
    CHECK(strategies_of(d) == Names{"as it is"});
    CHECK(taken_of(d) == Names{"as it is", "dry run", "allocate"});
    CHECK(!bench.decided(299, {1, 3}).code);
}

TEST_CASE("dry runs stop at a buffer that is too large, but for the last one, which says why nothing fits") {
    Bench bench;
    bench.code(1, two_at_once());
    const DoesNotFit no = bench.refused(99, {1, 1});
    CHECK(bench.capacities == std::vector<std::int64_t>{99, INT64_MAX});
    CHECK(no.resource == resource::state_buffer);
}

TEST_CASE("a chip that can run none of the plans refuses the first of them") {
    Bench bench;
    CHECK(bench.refused(1000, {7, 8}).text == "plan 7");
    bench.code(8, two_at_once());
    CHECK(bench.decided(1000, {7, 8}).plan.slab_bytes == 8);
}

TEST_CASE("plans that differ in stripes alone are passed over where what binds lies behind the stem") {
    Bench bench;
    Script s;
    s.layer = 1;
    const BufferId a = s.buffer("a"), b = s.buffer("b"), c = s.buffer("c");
    s.write(a), s.write(b), s.write(c), s.read(c), s.read(b), s.read(a);
    bench.code(1, s);
    bench.options.evictions.spill = bench.options.evictions.rematerialization = false;
    bench.options.stem_layers = 1;
    bench.refused(250, {1, 1});
    CHECK(bench.asked.size() == 1);
    bench.options.stem_layers = 2;
    bench.refused(250, {1, 1});
    CHECK(bench.asked.size() == 3);
}

TEST_CASE("loads are issued again before anything is saved") {
    Bench bench;
    bench.code(1, three_with_weights());
    const Decision d = bench.decided(299, {1});
    REQUIRE(d.evictions.size() == 1);
    CHECK(d.evictions[0].by == Return::reissue);
    CHECK(strategies_of(d) == Names{"as it is", "rematerialize"});
    CHECK(taken_of(d) == Names{"dry run", "rematerialize", "evictions", "allocate"});
    // The buffer that came back has a place of its own, and its load starts behind the other.
    CHECK(d.allocation.offset.size() == 4);
    CHECK(d.allocation.order == std::vector<LoadId>{LoadId(0), LoadId(1)});
}

TEST_CASE("where no load can be issued again a buffer is saved") {
    Bench bench;
    bench.code(1, three_at_once(), true);
    const Decision d = bench.decided(299, {1});
    REQUIRE(d.evictions.size() == 1);
    CHECK(d.evictions[0].by == Return::reload);
    CHECK(d.evictions[0].buffer.value() == 1);
    CHECK(d.code);
    CHECK(strategies_of(d) == Names{"as it is", "rematerialize", "spill"});
}

TEST_CASE("what an earlier fit has learnt changes nothing but the dry runs that it takes") {
    for (const std::int64_t capacity : {99, 150, 199, 216, 255, 299, 300}) {
        CAPTURE(capacity);
        Bench bench;
        bench.code(1, three_at_once());
        bench.code(2, three_with_weights());
        bench.code(3, pair_at_once());
        FitMemory memory;
        for (const std::vector<std::int64_t>& numbers : {std::vector<std::int64_t>{1, 2}, {1, 2}, {3, 2, 1}}) {
            for (const bool spill : {false, true}) {
                bench.options.evictions.spill = spill;
                const auto alone = bench.run(capacity, numbers), informed = bench.run(capacity, numbers, &memory);
                REQUIRE(alone.index() == informed.index());
                if (const auto* no = std::get_if<DoesNotFit>(&alone)) {
                    CHECK(no->text == std::get<DoesNotFit>(informed).text);
                } else {
                    const auto &a = std::get<Decision>(alone), &b = std::get<Decision>(informed);
                    CHECK(a.plan == b.plan);
                    CHECK(a.evictions == b.evictions);
                    CHECK(a.allocation.offset == b.allocation.offset);
                    CHECK(a.allocation.start == b.allocation.start);
                    CHECK(a.dram == b.dram);
                }
            }
        }
    }
}

TEST_CASE("a fit makes no dry run of a plan that the one before it could not fit, unless the batch is another") {
    Bench bench;
    bench.code(1, three_at_once());
    bench.code(2, two_at_once());
    bench.options.evictions.spill = false;
    const auto asked = [&](const std::vector<std::int64_t>& numbers, FitMemory& memory) {
        bench.asked.clear();
        bench.run(299, numbers, &memory);
        return bench.asked;
    };
    FitMemory memory;
    CHECK(asked({1}, memory) == std::vector<std::int64_t>{1});
    CHECK(asked({1, 2}, memory) == std::vector<std::int64_t>{2});
    CHECK(asked({1}, memory) == std::vector<std::int64_t>{1});  // a fit that succeeds leaves nothing
    bench.options.batch = 2;
    CHECK(asked({1}, memory) == std::vector<std::int64_t>{1});
}

TEST_CASE("strategies are left out by option, by their name and by that of their pass") {
    Bench bench;
    bench.code(1, three_with_weights());
    bench.options.skip = {"rematerialize"};
    CHECK(strategies_of(bench.decided(299, {1})) == Names{"as it is", "spill"});
    bench.options.skip = {"spill"};
    CHECK(strategies_of(bench.decided(299, {1})) == Names{"as it is", "rematerialize"});
    bench.options.skip = {"rematerialize", "spill"};
    CHECK(bench.refused(299, {1}).wanted_bytes == 300);
    bench.options.skip = {"as it is"};  // everything else is built on it
    CHECK(strategies_of(bench.decided(300, {1})) == Names{"as it is"});
    bench.options.skip.clear();
    bench.options.evictions.rematerialization = false;
    CHECK(strategies_of(bench.decided(299, {1})) == Names{"as it is", "spill"});
    bench.options.evictions.spill = false;
    CHECK(bench.refused(299, {1}).wanted_bytes == 300);
}

TEST_CASE("of all plans the one is spilled that moves the fewest bytes") {
    Script dear;  // two buffers have to go
    const BufferId a = dear.buffer("a"), b = dear.buffer("b"), c = dear.buffer("c"), e = dear.buffer("e");
    dear.write(a), dear.write(b), dear.write(e), dear.write(c), dear.read(c), dear.read(a), dear.read(b), dear.read(e);
    Bench bench;
    bench.code(1, dear);
    bench.code(2, three_at_once());
    const Decision d = bench.decided(299, {1, 2});
    CHECK(d.plan.slab_bytes == 2);
    CHECK(bench.decided(299, {1}).evictions.size() == 2);
}

TEST_CASE("plans whose codes are used alike compete once") {
    Bench bench;
    bench.code(1, three_at_once());
    bench.code(2, three_at_once(), true);
    const Decision d = bench.decided(299, {1, 2});
    CHECK(d.plan.slab_bytes == 1);
    CHECK(d.code);  // that of its equal
}

TEST_CASE("where every rung is too little all there is may be just enough") {
    // The copies need 200 bytes at once, the widest rung below 255 is 224: 12 rungs are enough. Of 216 it is 192.
    Bench bench;
    bench.code(1, pair_at_once());
    CHECK(strategies_of(bench.decided(255, {1})) == Names{"as it is", "rematerialize", "spill"});
    CHECK(strategies_of(bench.decided(216, {1})) == Names{"as it is", "rematerialize", "spill", "budgets between"});
}

TEST_CASE("bands are tried where no plan can do with the room there is, from the widest on") {
    Bench bench;
    bench.code(1, pair_at_once());
    bench.code(100, three_at_once());
    std::vector<std::int64_t> budgets;
    bench.options.banded = [&](std::int64_t budget) {
        budgets.push_back(budget);
        Plan plan;
        plan.slab_bytes = 100;
        plan.band_bytes = budget / 16;
        return plan;
    };
    const Decision d = bench.decided(150, {1});
    CHECK(d.plan.band_bytes == 8);  // of the octave 128, for which the spill strategy asks first
    CHECK(budgets.front() == 128);
    CHECK(strategies_of(d) == Names{"as it is", "rematerialize", "spill"});
    bench.options.skip = {"spill"};
    CHECK(bench.refused(150, {1}).wanted_bytes == 300);
}

TEST_CASE("what no eviction can take away binds where nothing is left to try") {
    Bench bench;
    bench.code(1, pair_at_once());
    const DoesNotFit no = bench.refused(199, {1});
    CHECK(no.wanted_bytes == 200);
    CHECK(no.lower_bound_bytes == 200);
}

TEST_CASE("without evictions a refusal is about the plan that came closest, and says how much it would take if asked") {
    Bench bench;
    bench.options.evictions.spill = bench.options.evictions.rematerialization = false;
    bench.code(1, three_at_once());
    bench.code(2, two_at_once());
    CHECK(bench.refused(150, {1, 2}).wanted_bytes == 200);
    CHECK(bench.refused(150, {2, 1}).wanted_bytes == 200);
    CHECK(!bench.refused(150, {2, 1}).allocator_bytes);
    bench.options.explain = true;
    CHECK(bench.refused(150, {2, 1}).lower_bound_bytes == 200);
    CHECK(bench.refused(150, {2, 1}).allocator_bytes == 200);
}

TEST_CASE("device DRAM that holds the code but not what would be saved is the reason to refuse") {
    Bench bench;
    bench.code(1, three_at_once());
    // 6 instructions of 128 bytes and the segment of weights; a saved buffer takes as much again.
    bench.options.target.dram_region_bytes = 6 * program::kInstructionBytes + kWholeBuffer + 400;
    const DoesNotFit no = bench.refused(299, {1});
    CHECK(no.resource == resource::device_dram);
    bench.options.target.dram_region_bytes = 8 * program::kInstructionBytes + 2 * kWholeBuffer;
    CHECK(bench.decided(299, {1}).evictions.size() == 1);
}

namespace {

bool held(const Bench& bench, const Decision& d) { return !dram_shortage(d.dram, bench.options.target); }

}  // namespace

TEST_CASE("where only whether something fits is asked the answer is the same") {
    for (const std::int64_t capacity : {99, 150, 199, 216, 255, 299, 300})
        for (const std::int64_t dram : {std::int64_t{1} << 30, std::int64_t{40'000}, std::int64_t{27'600},
                                        std::int64_t{26'400}, std::int64_t{14'000}}) {
            Bench bench;
            bench.options.target.dram_region_bytes = dram;
            bench.code(1, three_at_once());
            bench.code(2, pair_at_once());
            for (const std::vector<std::int64_t>& numbers : {std::vector<std::int64_t>{1}, {2}, {1, 2}, {2, 1}}) {
                CAPTURE(capacity, dram, numbers.front(), numbers.size());
                bench.options.only_whether = false;
                const auto whole = bench.run(capacity, numbers);
                bench.options.only_whether = true;
                const auto quick = bench.run(capacity, numbers);
                CHECK(whole.index() == quick.index());
                if (whole.index() != quick.index()) continue;
                if (const auto* no = std::get_if<DoesNotFit>(&whole))
                    CHECK(no->text == std::get<DoesNotFit>(quick).text);
                else CHECK(held(bench, std::get<Decision>(whole)) == held(bench, std::get<Decision>(quick)));
            }
        }
}

TEST_CASE("a decision knows what device DRAM its code needs, evictions included") {
    Bench bench;
    bench.code(1, three_at_once());
    const Decision plain = bench.decided(300, {1}), spilled = bench.decided(299, {1});
    CHECK(plain.dram == dram_needs(three_at_once().code.segments, 6));
    CHECK(spilled.dram.instructions == 8);
    CHECK(spilled.dram.bytes(0) == 8 * program::kInstructionBytes + 2 * kWholeBuffer);
}

TEST_CASE("no dry run is made of bands that are known to come to a plan's own code") {
    Bench bench;
    bench.code(1, pair_at_once());
    bench.options.banded = [](std::int64_t) {
        Plan plan;
        plan.slab_bytes = 100;
        return plan;
    };
    bench.refused(199, {1});  // nobody has a code of number 100
    CHECK(std::count(bench.asked.begin(), bench.asked.end(), 100) > 0);
    bench.asked.clear();
    bench.emission.same = [](const Plan& a, const Plan& b) { return a.slab_bytes == 1 && b.slab_bytes == 100; };
    CHECK(bench.refused(199, {1}).wanted_bytes == 200);
    CHECK(bench.asked == std::vector<std::int64_t>{1});
}
