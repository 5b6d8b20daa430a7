// Candidates: what they cost, in which order they are tried, and which take the place of another by computing again.
#include <catch2/catch.hpp>

#include <variant>
#include <vector>

#include "compiler/search/candidates.hpp"
#include "support/program_builder.hpp"
#include "support/virtual_code.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

/// x, and y that is a copy of it, are there while z is used: one too many for 299 bytes.
Script copied() {
    Script s;
    const BufferId x = s.buffer("x"), y = s.buffer("y"), other = s.buffer("other", 4), z = s.buffer("z");
    s.write(x), s.copy(x, y);
    for (int n = 0; n < 20; ++n) s.write(other, elements_at(0, 2));
    s.write(z), s.read(z);
    s.read(y), s.read(x);
    return s;
}

/// A search that has tried plans of this code as they are; `banded` of them lie in bands.
struct Bench {
    explicit Bench(const std::vector<bool>& banded) {
        options.allocate.capacity = 299;
        options.target.dma_engines = 1;
        options.target.dram_region_bytes = 1 << 30;
        const Script script = copied();
        for (bool bands : banded) {
            TightPlan plan;
            plan.plan.band_bytes = bands ? 16 : 0;
            plan.dry_run = dry_run_of(script.code, true);
            plan.dry_run.uses.recipes = recipes_of(plan.dry_run, round_chip(), 64);
            plan.dram = dram_needs(script.code.segments, script.code.instructions.size());
            tried.plans.push_back(std::move(plan));
        }
    }
    Candidate made(int plan, std::int64_t budget, Allowed allowed) {
        auto outcome = candidate(in, tried, TightPlanId(plan), budget, allowed);
        REQUIRE(std::holds_alternative<Candidate>(outcome));
        return std::get<Candidate>(outcome);
    }
    FitOptions options;
    std::vector<Plan> plans;
    PlanEmission emission;
    std::vector<program::LayerInfo> layers{{"layer", "conv", 0, 0}};
    FitInput in{plans, emission, layers, options};
    Tried tried;
};

Candidate ranked(std::int64_t cost, std::int64_t budget, int plan) {
    Candidate c;
    c.cost = cost;
    c.budget = budget;
    c.plan = TightPlanId(plan);
    return c;
}

}  // namespace

TEST_CASE("the cheapest candidate comes first, of equal ones that with more room, then that of the faster plan") {
    CHECK(cheaper(ranked(1, 10, 5), ranked(2, 20, 0)));
    CHECK(cheaper(ranked(1, 20, 5), ranked(1, 10, 0)));
    CHECK(cheaper(ranked(1, 10, 0), ranked(1, 10, 5)));
    CHECK(!cheaper(ranked(1, 10, 0), ranked(1, 10, 0)));
}

TEST_CASE("a candidate costs the bytes that it moves: saved and reloaded, or those of the time to compute again") {
    Bench bench({false});
    const Candidate spilled = bench.made(0, 256, {true, false});
    REQUIRE(spilled.evictions.size() == 1);
    CHECK(spilled.cost == 2 * kWholeBuffer);
    CHECK(bench.made(0, 256, {true, true}).cost == 1480);  // 74 cycles at 10 bytes, twice
    CHECK(std::holds_alternative<NoRoom>(candidate(bench.in, bench.tried, TightPlanId(0), 99, {true, false})));
    CHECK(bench.tried.attempts.size() == 3);
}

TEST_CASE("device DRAM that cannot hold the instructions that evict is a reason to refuse the candidate") {
    Bench bench({false});
    const DramNeeds& needs = bench.tried.plans[TightPlanId(0)].dram;
    // One save and one reload, each by one engine.
    bench.options.target.dram_region_bytes = needs.bytes(0) + 2 * program::kInstructionBytes;
    bench.made(0, 256, {true, false});
    --bench.options.target.dram_region_bytes;
    CHECK(std::holds_alternative<DoesNotFit>(candidate(bench.in, bench.tried, TightPlanId(0), 256, {true, false})));
}

TEST_CASE("computing again takes the place of a candidate on its own plan first, and on others that have no bands") {
    Bench bench({false, true, false});
    const auto plans_after = [&](int plan) {
        std::vector<int> list;
        for (const Candidate& c : cheaper_with_recompute(bench.in, bench.tried, bench.made(plan, 256, {true, false}))) {
            CHECK(c.allowed.recompute);
            CHECK(c.cost < 2 * kWholeBuffer);
            if (list.empty() || list.back() != c.plan.value()) list.push_back(c.plan.value());
        }
        return list;
    };
    CHECK(plans_after(2).front() == 2);
    CHECK(plans_after(1).front() == 1);
    for (int plan : plans_after(0)) CHECK(plan != 1);
    bench.options.evictions.recompute = false;
    CHECK(plans_after(0).empty());
}

TEST_CASE("what computes again already, or moves nothing, is not replaced") {
    Bench bench({false});
    CHECK(cheaper_with_recompute(bench.in, bench.tried, bench.made(0, 256, {true, true})).empty());
    CHECK(cheaper_with_recompute(bench.in, bench.tried, bench.made(0, 400, {true, false})).empty());
}
