// Random graphs under random budgets of state buffer: what every Program must show without being run.
#include <algorithm>
#include <array>

#include "checks.hpp"
#include "hw/derived.hpp"
#include "spill_traffic.hpp"

using namespace infsim;
using namespace infsim::test;

namespace {

struct Tally {
    int graphs = 0, programs = 0, refused = 0;
    int spilled = 0, reissued = 0, recomputed = 0, pairs = 0, larger_helps = 0, traded = 0, worse = 0;
    int in_parts = 0;  ///< programs whose weights arrive in parts
};

/// Bytes of the segment "spill" as the report has them, tensor by tensor, against what the instructions move.
void check_traffic(const compiler::Compiled& c, Tally& tally) {
    const SpillTraffic traffic = spill_traffic(c.program);
    std::int64_t saved = 0, reloaded = 0;
    for (const compiler::SpilledTensor& t : c.memory.spilled) {
        INFO(t.name << ": " << t.save_bytes << " bytes in " << t.saves << " saves, " << t.reload_bytes << " in "
                    << t.reloads << " reloads");
        CHECK(t.saves > 0);
        CHECK(t.reloads >= t.saves);  // what nobody reads again is not saved
        CHECK(t.save_bytes > 0);
        saved += t.save_bytes;
        // A buffer that has been written further between two saves has two sizes.
        if (t.saves == 1) {
            CHECK(t.reload_bytes == t.save_bytes * t.reloads);
            reloaded += t.save_bytes * t.reloads;
        } else {
            CHECK(t.reload_bytes >= t.save_bytes);  // what was saved came back at least once
            if (t.saves == t.reloads) CHECK(t.reload_bytes == t.save_bytes);
            reloaded += t.reload_bytes;
        }
    }
    CHECK(traffic.saved == saved);
    CHECK(traffic.reloaded == reloaded);
    CHECK(c.memory.spill_save_bytes == traffic.saved);  // layouts that change by way of device DRAM are counted apart
    CHECK(c.memory.spill_reload_bytes == traffic.reloaded);
    tally.spilled += traffic.saved > 0;
    tally.reissued += c.memory.reissued_bytes > 0;
    tally.recomputed += c.memory.recomputed_instructions > 0;
}

/// The last resort, for budgets that hold no other plan.
bool has_weights_in_parts(const compiler::Compiled& c) {
    for (const compiler::PassReport& pass : c.passes)
        for (const compiler::Attempt& attempt : pass.attempts)
            if (attempt.taken && attempt.name == "weights in parts") return true;
    return false;
}

struct Outcome {
    std::int64_t budget = 0, spilled = 0,
                 moved = 0;  ///< moved: spilled, loaded once more, or what could be while engines compute again
    bool fits = false;
    bool in_parts = false;
};

Outcome outcome_of(const graph::Graph& graph, const hw::ChipSpec& chip, int batch,
                   const compiler::CompileOptions& options, Tally& tally) {
    Outcome outcome{options.state_buffer_budget, 0, 0, false, false};
    if (const auto c = checked(graph, chip, batch, options)) {
        ++tally.programs;
        check_traffic(*c, tally);
        outcome.spilled = spill_traffic(c->program).total();
        const double share = static_cast<double>(hw::sustained_dram_bandwidth(chip).count()) / chip.cores;
        outcome.moved = outcome.spilled + c->memory.reissued_bytes +
                        static_cast<std::int64_t>(seconds(c->memory.recompute_time) * share);
        outcome.fits = true;
        outcome.in_parts = has_weights_in_parts(*c);
        tally.in_parts += outcome.in_parts;
    } else {
        ++tally.refused;
    }
    return outcome;
}

/// Small budgets first: from a fraction of what the network takes when it has plenty to a little more than that.
std::array<std::int64_t, 3> random_budgets(RandomStream& random, std::int64_t live) {
    std::array<std::int64_t, 3> budgets{};
    for (auto& b : budgets) b = std::max<std::int64_t>(4, live * random.uniform_int(40, 140) / 100);
    std::sort(budgets.begin(), budgets.end());
    return budgets;
}

void check_graph(std::uint64_t seed, bool chain, Tally& tally) {
    const graph::Graph graph = RandomNetwork(seed, Numbers::real).draw();
    RandomStream random(seed, "budgets");
    const int batch = static_cast<int>(random.uniform_int(1, 4));
    const hw::ChipSpec chip = default_chip();
    compiler::CompileOptions options = random_options(random, chip);
    if (chain) options.search_sections = options.search_psum_banks = false;  // these look at time as well
    INFO("seed " << seed << ", batch " << batch << "\n" << to_text(options) << "\n" << to_text(graph));
    ++tally.graphs;
    const auto plenty = checked(graph, chip, batch, options);
    if (!plenty) {
        ++tally.refused;
        return;
    }
    ++tally.programs;
    Outcome before;
    for (const std::int64_t budget : random_budgets(random, plenty->memory.lower_bound_bytes)) {
        options.state_buffer_budget = budget;
        const Outcome now = outcome_of(graph, chip, batch, options, tally);
        if (before.fits) {
            // A plan may spill a little more to load much less again; it never moves more in all. One whose weights
            // arrive in parts leaves more room than a larger budget that holds another plan.
            const bool worse =
                !now.fits || (!before.in_parts && now.spilled > before.spilled && now.moved > before.moved);
            if (worse)
                UNSCOPED_INFO("seed " << seed << ": with " << before.budget << " B " << before.spilled
                                      << " B spilled, with " << now.budget << " B "
                                      << (now.fits ? std::to_string(now.spilled) + " B" : "refused"));
            ++tally.pairs;
            tally.worse += worse;
            tally.larger_helps += now.spilled < before.spilled;
            tally.traded += !worse && now.spilled > before.spilled;
        }
        before = now;
        if (!chain) break;
    }
}

void check_graphs(std::uint64_t first, int count) {
    Tally tally;
    for (std::uint64_t seed = first; seed < first + static_cast<std::uint64_t>(count); ++seed) {
        try {
            check_graph(seed, seed % 3 != 0, tally);
        } catch (const std::exception& e) {
            FAIL_CHECK("seed " << seed << ": " << e.what());
        }
    }
    // The test must not pass because nothing was tested.
    INFO(tally.programs << " programs, " << tally.spilled << " spilled, " << tally.reissued << " reissued, "
                        << tally.recomputed << " recomputed, " << tally.pairs << " pairs of budgets, "
                        << tally.larger_helps << " of which spill less with more, " << tally.traded << " trade, "
                        << tally.worse << " spill more, " << tally.in_parts << " in parts");
    CHECK(tally.graphs == count);
    CHECK(tally.programs > count);
    CHECK(tally.refused > count / 10);
    CHECK(tally.spilled > count / 10);
    CHECK(tally.reissued > count / 20);
    CHECK(tally.recomputed > count / 200);
    CHECK(tally.in_parts > 0);
    CHECK(tally.pairs > count / 10);
    CHECK(tally.larger_helps > count / 20);
    // Placement is a heuristic, and what a plan is chosen by is counted before it is carried out: now and then the
    // better plan has no place, or turns out dearer. One in 350; in a smaller sample, one.
    CHECK(tally.worse <= std::max(1, tally.pairs / 350));
}

}  // namespace

// One process each.
TEST_CASE("random graphs under random budgets, first quarter", "[first]") { check_graphs(500001, 2500); }
TEST_CASE("random graphs under random budgets, second quarter", "[second]") { check_graphs(600001, 2500); }
TEST_CASE("random graphs under random budgets, third quarter", "[third]") { check_graphs(700001, 2500); }
TEST_CASE("random graphs under random budgets, fourth quarter", "[fourth]") { check_graphs(800001, 2500); }

TEST_CASE("random graphs under random budgets, as many as sanitizers have time for", "[.][some]") {
    check_graphs(900001, 500);
}
