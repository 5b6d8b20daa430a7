#include "compiler/search/fit.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/memory/allocate.hpp"
#include "compiler/memory/evicted_liveness.hpp"
#include "compiler/memory/lifetimes.hpp"
#include "compiler/memory/refusals.hpp"
#include "compiler/search/dry_runs.hpp"

namespace infsim::compiler {

namespace {

/// The budgets of the ladder up to `capacity`, largest first: 4, 5, 6 and 7 times a power of two, over three octaves.
std::vector<std::int64_t> budget_ladder(std::int64_t capacity) {
    std::vector<std::int64_t> rungs;
    std::int64_t unit = 1;
    while (unit * 8 <= capacity) unit *= 2;
    for (; unit >= 1 && rungs.size() < 12; unit /= 2)
        for (std::int64_t n = 7; n >= 4 && rungs.size() < 12; --n)
            if (n * unit <= capacity) rungs.push_back(n * unit);
    return rungs;
}

/// What the chip is short of for a plan, whatever lies where.
struct Shortage {
    DoesNotFit reason;
};

/// A plan whose code has no place as it is.
struct Tight {
    Plan plan;
    DryRun dry_run;
    DramNeeds dram;  ///< without evictions
};

struct Candidate {
    std::size_t plan = 0;
    std::int64_t cost = 0, budget = 0;
    bool spill = true, recompute = false;  ///< what was allowed
    std::vector<Eviction> evictions;
};

/// How far the budgets of a plan have been tried.
struct Ladder {
    std::size_t plan = 0, rung = 0;  ///< the next rung
    std::int64_t last_cost = 0;      ///< of the rung before
};

class Fitting {
public:
    Fitting(const std::vector<Plan>& plans, const EmitInput& input, const std::vector<program::LayerInfo>& layers,
            const FitOptions& options)
        : plans_(plans), input_(input), layers_(layers), options_(options) {}

    std::variant<Fitted, DoesNotFit> run() {
        const Plan* before = nullptr;
        for (const Plan& plan : plans_) {
            if (before && only_stripes_differ(*before, plan) && beyond_the_stem()) continue;
            before = nullptr;
            try {
                // The last plan says why nothing fits.
                auto tight = dry_run_of_plan(plan, &plan == &plans_.back() ? INT64_MAX : options_.place.capacity);
                if (!tight) continue;
                if (auto fitted = as_it_is(std::move(*tight))) return std::move(*fitted);
                before = &plan;
            } catch (const Shortage& s) {
                if (!shortage_) shortage_ = s.reason;
            }
        }
        if (tight_.empty()) return std::move(*shortage_);
        if (options_.evictions.rematerialization)
            if (auto fitted = with_evictions(false)) return std::move(*fitted);
        if (options_.evictions.spill) {
            if (auto fitted = with_evictions(true)) return std::move(*fitted);
            if (dram_) return std::move(*dram_);  // what would still be tried has more instructions
            if (auto fitted = between_rungs()) return std::move(*fitted);
            if (options_.banded)
                if (auto fitted = with_bands()) return std::move(*fitted);
            if (least_room_) return std::move(*least_room_);
        }
        return explained();
    }

private:
    const std::vector<Plan>& plans_;
    const EmitInput& input_;
    const std::vector<program::LayerInfo>& layers_;
    const FitOptions& options_;
    std::vector<Tight> tight_;            ///< of `plans_`, those that the chip can run at all
    std::optional<Code> last_;            ///< the code that was made last, if it was kept
    std::size_t last_plan_ = 0;           ///< whose it is
    std::optional<DoesNotFit> shortage_;  ///< why the chip cannot run others
    std::optional<DoesNotFit> dram_;      ///< why device DRAM cannot hold what spilling would need
    std::optional<DoesNotFit> reason_, least_room_;
    Liveness closest_;  ///< what `reason_` is about
    int attempts_ = 0;

    static bool only_stripes_differ(const Plan& a, const Plan& b) {
        return a.image_group == b.image_group && a.slab_bytes == b.slab_bytes &&
               a.share_small_images == b.share_small_images && a.resident_weight_bytes == b.resident_weight_bytes;
    }
    /// Whether the plan tried last needs more than there is behind the stem, where smaller stripes change nothing.
    bool beyond_the_stem() const {
        if (tight_.empty()) return false;
        const Liveness& liveness = tight_.back().dry_run.liveness;
        const Peak peak = peak_of(liveness.buffers, liveness.lives, std::vector<bool>(liveness.buffers.size(), true));
        return peak.bytes > options_.place.capacity &&
               liveness.layer[static_cast<std::size_t>(peak.position)] >= options_.stem_layers;
    }

    std::optional<Fitted> as_it_is(Tight&& tight) {
        if (auto allocated = try_allocate(tight.dry_run.liveness)) {
            Code code = last_ ? std::move(*last_) : emit(input_, tight.plan);
            Placement placement = placement_of(code, std::move(*allocated));
            return Fitted{std::move(code), std::move(placement), {}, tight.plan, attempts_};
        }
        add(std::move(tight));
        return std::nullopt;
    }

    /// Plans may differ in what makes no difference to this network. Returns the index of the plan or of its equal.
    std::size_t add(Tight&& tight) {
        const auto same = [&](const Tight& t) {
            return t.dry_run.liveness.lives == tight.dry_run.liveness.lives &&
                   t.dry_run.liveness.layer == tight.dry_run.liveness.layer;
        };
        const auto equal = std::find_if(tight_.begin(), tight_.end(), same);
        last_plan_ = static_cast<std::size_t>(equal - tight_.begin());
        if (equal == tight_.end()) tight_.push_back(std::move(tight));
        return last_plan_;
    }

    /// None where a buffer takes more than `capacity`. Throws Shortage.
    std::optional<Tight> dry_run_of_plan(const Plan& plan, std::int64_t capacity) {
        last_.reset();
        auto outcome = compiler::dry_run(input_, plan, capacity);
        if (auto* no = std::get_if<DoesNotFit>(&outcome)) throw Shortage{std::move(*no)};
        auto* emission = std::get_if<Emission>(&outcome);
        if (!emission) return std::nullopt;
        if (auto no = dram_shortage(emission->dram, options_.target)) throw Shortage{std::move(*no)};
        last_ = std::move(emission->code);
        if (options_.evictions.recompute && options_.spec)
            emission->dry_run.uses.recipes = recipes_of(emission->dry_run, *options_.spec);
        emission->dry_run.repeatable = {};
        return Tight{plan, std::move(emission->dry_run), std::move(emission->dram)};
    }

    std::optional<Allocated> try_allocate(const Liveness& liveness) {
        ++attempts_;
        auto outcome = allocate(liveness, options_.place);
        if (auto* allocated = std::get_if<Allocated>(&outcome)) return std::move(*allocated);
        const NotAllocated& no = std::get<NotAllocated>(outcome);
        if (!reason_ || no.wanted < reason_->wanted_bytes) {
            reason_ = refusal(liveness, layers_, no, options_.place);
            closest_ = liveness;
        }
        return std::nullopt;
    }

    /// `reason_` with the lower bound and the capacity that the placement of its code would need.
    DoesNotFit explained() const {
        DoesNotFit why = *reason_;
        if (!options_.explain) return why;
        why.lower_bound_bytes =
            peak_of(closest_.buffers, closest_.lives, std::vector<bool>(closest_.buffers.size(), true)).bytes;
        why.allocator_bytes = smallest_capacity(closest_, *why.lower_bound_bytes, options_.place);
        return why;
    }

    /// Device DRAM is too small for the instructions that evict, or for them and `saved_bytes`; a smaller budget has
    /// more of them.
    std::optional<DoesNotFit> too_little_dram(const Tight& tight, const std::vector<Eviction>& evictions,
                                              std::int64_t saved_bytes) const {
        const auto saves = std::count_if(evictions.begin(), evictions.end(), [](const Eviction& e) { return e.save; });
        const auto reloads =
            std::count_if(evictions.begin(), evictions.end(), [](const Eviction& e) { return e.by == Return::reload; });
        DramNeeds needs = tight.dram;
        // Every engine moves a share of the partitions.
        needs.instructions +=
            (saves + reloads) * options_.target.dma_engines + static_cast<std::int64_t>(evictions.size()) - reloads;
        needs.segments[options_.spill_region][program::Purpose::spill] += saved_bytes;
        needs.at_least = true;
        return dram_shortage(needs, options_.target);
    }

    std::variant<Candidate, NoRoom, DoesNotFit> candidate(std::size_t plan, std::int64_t budget, bool spill,
                                                          bool recompute = false) const {
        const DryRun& dry_run = tight_[plan].dry_run;
        EvictionOptions evictions = options_.evictions;
        evictions.spill = spill;
        evictions.recompute = recompute;
        evictions.budget = budget;
        auto chosen = choose_evictions(dry_run.liveness, dry_run.uses, evictions);
        if (auto* no = std::get_if<NoRoom>(&chosen)) return std::move(*no);
        Candidate c{plan, 0, budget, spill, recompute, std::move(std::get<std::vector<Eviction>>(chosen))};
        if (auto no = too_little_dram(tight_[plan], c.evictions, 0)) return std::move(*no);
        c.cost = traffic_bytes(c.evictions, dry_run.uses);
        return c;
    }

    /// Budgets between the rungs, and all there is: they may be just enough where a rung is too little and the one
    /// above leaves no room for the packing.
    std::optional<Fitted> between_rungs() {
        std::vector<std::int64_t> budgets{options_.place.capacity};
        std::int64_t unit = 1;
        while (unit * 32 <= options_.place.capacity) unit *= 2;
        for (std::int64_t n = 31; n >= 16; --n)
            if (n * unit < options_.place.capacity && n % 4 != 0) budgets.push_back(n * unit);
        std::vector<Candidate> all;
        for (std::size_t p = 0; p < tight_.size(); ++p)
            for (std::int64_t budget : budgets) {
                auto outcome = candidate(p, budget, true);
                if (const auto* no = std::get_if<NoRoom>(&outcome)) {
                    if (budget == options_.place.capacity) note_no_room(tight_[p].dry_run.liveness, *no);
                    break;
                }
                if (std::holds_alternative<DoesNotFit>(outcome)) break;
                all.push_back(std::move(std::get<Candidate>(outcome)));
            }
        return first_that_fits(std::move(all));
    }

    /// What binds now is what no eviction can take away.
    void note_no_room(const Liveness& liveness, const NoRoom& no) {
        if (least_room_ && least_room_->wanted_bytes <= no.wanted) return;
        least_room_ = room_refusal(liveness, layers_, no, options_.place);
    }

    CodeSource source(std::size_t plan) {
        if (last_ && plan == last_plan_) return source_of(std::move(*std::exchange(last_, std::nullopt)));
        return [this, plan](const InstructionSink& sink) { return emit(input_, tight_[plan].plan, sink); };
    }

    std::optional<Allocated> place_of(const Candidate& c) {
        const Tight& tight = tight_[c.plan];
        if (auto no = too_little_dram(tight, c.evictions, most_saved_bytes(tight.dry_run.uses, c.evictions))) {
            dram_ = std::move(*no);
            return std::nullopt;
        }
        return try_allocate(evicted_liveness(tight.dry_run.liveness, tight.dry_run.uses, c.evictions));
    }

    /// Carries the evictions out where a dry_run of the result has a place: that place is the result's. Where some of
    /// them can be spared by computing again that is done.
    std::optional<Fitted> try_evictions(const Candidate& c) {
        auto allocated = place_of(c);
        if (!allocated) return std::nullopt;
        for (const Candidate& again : cheaper_with_recompute(c))
            if (auto better = place_of(again)) return carried_out(again, std::move(*better));
        return carried_out(c, std::move(*allocated));
    }

    std::optional<Fitted> carried_out(const Candidate& c, Allocated&& allocated) {
        const Tight& tight = tight_[c.plan];
        Spilled spilled = apply_evictions(source(c.plan), tight.dry_run, c.evictions, options_.spill_region);
        if (spilled.report.segment_bytes > std::int64_t{UINT32_MAX}) return std::nullopt;
        for (std::int32_t& start : allocated.start) start = spilled.position[static_cast<std::size_t>(start)];
        Placement placement = placement_of(spilled.code, std::move(allocated));
        return Fitted{std::move(spilled.code), std::move(placement), std::move(spilled.report), tight.plan, attempts_};
    }

    bool can_recompute(std::size_t plan) const {
        return options_.evictions.recompute && !tight_[plan].dry_run.uses.recipes.list.empty();
    }

    /// What computes again and costs less: first on the same plan, cheapest first, then on others without bands. Bands
    /// mean many more instructions; computing again must not be what makes them the better plan.
    std::vector<Candidate> cheaper_with_recompute(const Candidate& than) const {
        std::vector<Candidate> list;
        if (than.recompute || than.cost == 0) return list;
        for (std::size_t p = 0; p < tight_.size(); ++p) {
            if (!can_recompute(p) || (p != than.plan && tight_[p].plan.band_bytes > 0)) continue;
            for (std::int64_t budget : budget_ladder(options_.place.capacity)) {
                auto outcome = candidate(p, budget, than.spill, true);
                auto* c = std::get_if<Candidate>(&outcome);
                if (!c || c->cost >= than.cost) break;  // a smaller budget costs more, nearly always
                list.push_back(std::move(*c));
            }
        }
        std::stable_sort(list.begin(), list.end(), [&](const Candidate& x, const Candidate& y) {
            return std::make_tuple(x.plan != than.plan, x.cost) < std::make_tuple(y.plan != than.plan, y.cost);
        });
        return list;
    }

    std::optional<Fitted> with_evictions(bool spill) {
        std::vector<Ladder> ladders;
        for (std::size_t p = 0; p < tight_.size(); ++p) ladders.push_back({p});
        // Were bands the last resort only, a little more room could mean many more bytes spilled.
        if (spill && options_.banded)
            if (const auto bands = wide_bands()) ladders.push_back({*bands});
        if (auto fitted = best_of(ladders, spill, false)) return fitted;
        ladders.clear();
        for (std::size_t p = 0; p < tight_.size(); ++p)
            if (can_recompute(p)) ladders.push_back({p});
        return best_of(std::move(ladders), spill, true);
    }

    std::optional<Fitted> best_of(std::vector<Ladder> ladders, bool spill, bool recompute) {
        std::vector<Candidate> all;
        for (;;) {
            climb_down(ladders, all, spill, recompute);
            const auto best = std::min_element(all.begin(), all.end(), cheaper);
            if (best == all.end()) return std::nullopt;
            if (auto fitted = try_evictions(*best)) return fitted;
            all.erase(best);
        }
    }

    /// Adds the candidates of the next rungs to `all`, of every ladder until its last one is clearly dearer than the
    /// cheapest of `all`: a smaller budget means more bytes, nearly always.
    void climb_down(std::vector<Ladder>& ladders, std::vector<Candidate>& all, bool spill, bool recompute) {
        constexpr double kClearly = 1.25;
        const std::vector<std::int64_t> rungs = budget_ladder(options_.place.capacity);
        for (Ladder& ladder : ladders)
            for (; ladder.rung < rungs.size(); ++ladder.rung) {
                const auto best = std::min_element(all.begin(), all.end(), cheaper);
                if (best != all.end() &&
                    static_cast<double>(ladder.last_cost) > kClearly * static_cast<double>(best->cost))
                    break;
                auto outcome = candidate(ladder.plan, rungs[ladder.rung], spill, recompute);
                if (auto* no = std::get_if<DoesNotFit>(&outcome); no && !dram_) dram_ = std::move(*no);
                if (!std::holds_alternative<Candidate>(outcome)) {  // then a smaller budget has no room either
                    ladder.rung = rungs.size();
                    break;
                }
                all.push_back(std::move(std::get<Candidate>(outcome)));
                ladder.last_cost = all.back().cost;
            }
    }

    /// A plan with the widest bands, of the ladder's octaves, that can do with the budget they are made for. None where
    /// plans without bands can do with that, too.
    std::optional<std::size_t> wide_bands() {
        for (std::int64_t budget : budget_ladder(options_.place.capacity)) {
            if ((budget & (budget - 1)) != 0) continue;  // making a code takes its time
            const std::size_t before = tight_.size();
            const auto plan = banded(budget);
            if (!plan) return std::nullopt;
            auto outcome = candidate(*plan, budget, true);
            if (std::holds_alternative<Candidate>(outcome)) return *plan == before ? plan : std::nullopt;
            if (*plan == before) tight_.pop_back();
            if (auto* no = std::get_if<DoesNotFit>(&outcome)) {
                dram_ = std::move(*no);
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    /// None where the chip cannot run such a plan, nor then one with narrower bands.
    std::optional<std::size_t> banded(std::int64_t budget) {
        try {
            return add(std::move(*dry_run_of_plan(options_.banded(budget), INT64_MAX)));
        } catch (Shortage& s) {
            if (s.reason.resource != resource::access_pattern) dram_ = std::move(s.reason);
            return std::nullopt;
        }
    }

    /// Images in bands that suit each budget: nothing else has a place.
    std::optional<Fitted> with_bands() {
        std::vector<Candidate> all;
        for (std::int64_t budget : budget_ladder(options_.place.capacity)) {
            const auto plan = banded(budget);
            if (!plan) break;
            auto outcome = candidate(*plan, budget, true);
            if (const auto* no = std::get_if<NoRoom>(&outcome)) {
                if (no->wanted > options_.place.capacity) note_no_room(tight_[*plan].dry_run.liveness, *no);
            } else if (auto* c = std::get_if<Candidate>(&outcome)) {
                all.push_back(std::move(*c));
            }
        }
        return first_that_fits(std::move(all));
    }

    static bool cheaper(const Candidate& a, const Candidate& b) {
        return std::tie(a.cost, b.budget, a.plan) < std::tie(b.cost, a.budget, b.plan);
    }

    std::optional<Fitted> first_that_fits(std::vector<Candidate> all) {
        std::stable_sort(all.begin(), all.end(), cheaper);
        for (const Candidate& c : all)
            if (auto fitted = try_evictions(c)) return fitted;
        return std::nullopt;
    }
};

}  // namespace

std::variant<Fitted, DoesNotFit> fit(const std::vector<Plan>& plans, const EmitInput& input,
                                     const std::vector<program::LayerInfo>& layers, const FitOptions& options) {
    return Fitting(plans, input, layers, options).run();
}

}  // namespace infsim::compiler
