#include "compiler/search/search.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/search/estimate.hpp"
#include "compiler/search/sub_batches.hpp"
#include "compiler/search/tried.hpp"

namespace infsim::compiler {

namespace {

/// The best so far: its Program is not kept, only what was learnt from it.
struct Best {
    Decision decision;
    bool to_dram = false;
    Estimate estimate;
    std::size_t attempt = 0;
};

class Search {
public:
    Search(const SearchInput& input, const BuildProgram& build, std::vector<Attempt>& attempts)
        : in_(input),
          build_(build),
          attempts_(attempts),
          plans_(plans_with(in_, in_.batch, {})),
          sub_batches_(input, build, attempts) {}

    std::variant<Decision, DoesNotFit> run() {
        const bool sections = in_.options.search_sections && in_.options.batching;
        const bool only_tight = sections && in_.options.search_only_tight;
        bool fast = false;
        if (only_tight) {
            as_it_is_ = attempts_.size();
            if (auto found = sub_batches_.as_it_is()) return improved(std::move(*found));
            if (!in_.first_that_fits) fast = try_sub_batches();
            else if (const auto passes = sub_batches_.passes_as_they_are()) try_cuts({{*passes, {}}});
            if (is_done()) return std::move(best_->decision);
        }
        Tried refusal;
        if (!fast) refusal = try_plans("plain", {plans_, in_.batch});
        if (sections && !tried_sub_batches_ && !is_done() && !is_resident()) try_sub_batches();
        if (sections && !only_tight && !is_done()) try_sections();
        if (in_.options.search_psum_banks && best_ && !is_done()) try_banks();
        if (!best_) return *refusal.why;
        attempts_[best_->attempt].taken = true;
        return std::move(best_->decision);
    }

private:
    /// The result of one attempt.
    struct Tried {
        std::optional<DoesNotFit> why;
        std::vector<Duration> pe_by_layer;
    };

    const SearchInput& in_;
    const BuildProgram& build_;
    std::vector<Attempt>& attempts_;
    std::vector<Plan> plans_;  ///< of the plain compiler
    SubBatches sub_batches_;
    std::optional<Best> best_;
    bool tried_sub_batches_ = false;
    std::size_t as_it_is_ = 0;  ///< the number of that attempt

    bool is_resident() const { return best_ && best_->decision.evictions.empty(); }
    bool is_done() const { return in_.first_that_fits && best_; }

    /// A Program has to be estimated clearly faster to replace the previous best, which is the plain one at first: the
    /// estimate does not model contention between cores.
    bool clearly_faster(const Estimate& time) const {
        constexpr double kMargin = 0.98;
        return !best_ || seconds(time.makespan) < kMargin * seconds(best_->estimate.makespan);
    }

    /// The plan that fits as it is, or something clearly faster: sections, if it leaves little room for weights to
    /// arrive ahead; smaller passes, if it takes small images one by one and they do not; more turns of short-lived
    /// buffers, if that is quickly tried.
    Decision improved(SubBatches::AsItIs found) {
        constexpr double kSlow = 1.6;  // times the layers' time by their costs alone
        if (!found.program) return std::move(found.decision);
        const NetworkCosts costs(in_.network, in_.spec, in_.dtype, in_.options);
        const Duration time = expected_service(*found.program, in_.spec);
        if (found.gave_up_sharing) return best_of(std::move(found.decision), time, sub_batches_.all(costs));
        if (found.tight &&
            seconds(time) >= kSlow * costs.seconds(LayerId(0), costs.end(), in_.batch, in_.batch, in_.batch))
            return best_of(std::move(found.decision), clearly_below(time),
                           sub_batches_.in_sections(costs, clearly_below(time)));
        return found.quick ? with_more_turns(std::move(found.decision), time) : std::move(found.decision);
    }

    /// The estimate cannot resolve less.
    static Duration clearly_below(Duration time) {
        constexpr double kClearly = 0.98;
        return Duration{static_cast<Duration::rep>(kClearly * static_cast<double>(time.count()))};
    }

    /// The decision that fits as it is, or one in which short-lived buffers wait less often for each other. More turns
    /// may as well make others wait: only the estimate tells.
    Decision with_more_turns(Decision&& found, Duration time) {
        constexpr int kTurns = 8;
        const Timer timer;
        Trial trial = unspilled(plans_with(in_, in_.batch, {}), in_.batch, false);
        trial.program = true;
        trial.rotation = kTurns;
        auto outcome = build_(trial);
        auto* built = std::get_if<Built>(&outcome);
        if (!built) return std::move(found);
        const Duration other = expected_service(built->program, in_.spec);
        const bool better = other < clearly_below(time);
        const auto detail =
            fmt::format("estimate {:.3f} ms instead of {:.3f} ms", milliseconds(other), milliseconds(time));
        attempts_.push_back({"more turns", detail, timer.seconds(), false, better});
        if (better) attempts_[as_it_is_].taken = false;
        return better ? std::move(built->decision) : std::move(found);
    }

    /// The fastest among `cuts` and the decision that fits as it is, which takes `time`.
    Decision best_of(Decision&& found, Duration time, const std::vector<Priced>& cuts) {
        best_ = Best{std::move(found), false, Estimate{time, {}}, as_it_is_};
        try_cuts(cuts);
        for (Attempt& attempt : attempts_) attempt.taken = false;
        attempts_[best_->attempt].taken = true;
        return std::move(best_->decision);
    }

    /// Takes the fastest cut that fits, if it beats the best so far. Returns whether that is fast enough to stop
    /// searching.
    bool try_sub_batches() {
        constexpr double kFast = 2.2;  // times the layers' time by their costs alone
        tried_sub_batches_ = true;
        const NetworkCosts costs(in_.network, in_.spec, in_.dtype, in_.options);
        const std::vector<Priced> cuts = sub_batches_.all(costs);
        if (in_.options.search_only_tight) {
            try_cuts(cuts);
        } else {  // judged by their own Programs
            for (const Priced& p : cuts)
                if (!try_plans(p.cut.name, {plans_with(in_, in_.batch, p.cut.sections), in_.batch, p.cut.spill}).why)
                    return true;
        }
        return best_ && !best_->to_dram &&
               seconds(best_->estimate.makespan) <=
                   kFast * costs.seconds(LayerId(0), costs.end(), in_.batch, in_.batch, in_.batch);
    }

    /// Takes the fastest cut that fits, if it beats the best so far. Two passes say too little if the last one is
    /// smaller than the others, or if something is spilled: then all passes are built.
    void try_cuts(const std::vector<Priced>& cuts) {
        for (const Priced& p : cuts) {
            if (best_ && best_->estimate.makespan <= p.time) break;
            const Timer timer;
            const bool all_passes = !in_.first_that_fits && (in_.batch % p.cut.images != 0 || p.cut.spill);
            auto outcome = sub_batches_.build(p.cut, in_.batch, all_passes);
            auto* built = std::get_if<Built>(&outcome);
            if (!built) continue;
            Estimate time{p.time, std::vector<Duration>(in_.network.layers.size())};
            if (all_passes) time.makespan = expected_service(built->program, in_.spec);
            const auto detail = fmt::format("estimate {:.3f} ms", milliseconds(time.makespan));
            if (!best_ || time.makespan < best_->estimate.makespan)
                best_ = Best{std::move(built->decision), p.cut.spill, std::move(time), attempts_.size()};
            attempts_.push_back({p.cut.name + ", all images", detail, timer.seconds()});
        }
    }

    Tried try_plans(std::string name, const Trial& trial) {
        const Timer timer;
        auto outcome = build_(trial);
        Attempt attempt{std::move(name), "does not fit"};
        Tried tried;
        if (auto* no = std::get_if<DoesNotFit>(&outcome)) tried.why = std::move(*no);
        if (auto* built = std::get_if<Built>(&outcome)) {
            Estimate time = in_.first_that_fits ? Estimate{} : estimate(built->program, in_.spec);
            attempt.detail = fmt::format("estimate {:.3f} ms", milliseconds(time.makespan));
            tried.pe_by_layer = time.pe_by_layer;
            if (clearly_faster(time))
                best_ = Best{std::move(built->decision), built->to_dram, std::move(time), attempts_.size()};
        }
        attempt.seconds = timer.seconds();
        attempts_.push_back(std::move(attempt));
        return tried;
    }

    /// Plans of the search never spill: their purpose is to keep tensors on chip.
    void try_sections() {
        const NetworkCosts costs(in_.network, in_.spec, in_.dtype, in_.options);
        auto candidates = section_candidates(costs, in_.network.stem_layers, in_.batch, in_.capacity);
        // The ones that leave most space come last; if time does not matter they are tried first.
        if (in_.first_that_fits) std::reverse(candidates.begin(), candidates.end());
        for (const SectionList& c : candidates) {
            if (is_done()) return;
            try_plans(fmt::format("{} sections", c.sections.size()),
                      {plans_with(in_, in_.batch, c.sections), in_.batch, false});
        }
    }

    /// One Program for each number of banks; then, layer by layer, the number with which the PE finished earliest.
    void try_banks() {
        if (best_->to_dram) return;  // the gain is small compared with such transfers
        const std::size_t layers = in_.network.layers.size();
        Plan plan = best_->decision.plan;
        std::vector<int> choice(layers, in_.options.psum_banks_per_load);
        std::vector<Duration> time = best_->estimate.pe_by_layer;
        for (int banks = 1; banks <= in_.target.psum_banks; ++banks) {
            if (banks == in_.options.psum_banks_per_load || (banks % 2 != 0 && banks != in_.target.psum_banks))
                continue;
            plan.psum_banks.assign(layers, banks);
            const Tried here = try_plans(fmt::format("{} PSUM banks", banks), {{plan}, in_.batch, false});
            for (std::size_t l = 0; l < here.pe_by_layer.size(); ++l)
                if (here.pe_by_layer[l] < time[l]) choice[l] = banks, time[l] = here.pe_by_layer[l];
        }
        plan.psum_banks = choice;
        try_plans("PSUM banks by layer", {{plan}, in_.batch, false});
    }
};

}  // namespace

std::variant<Decision, DoesNotFit> search(const SearchInput& input, const BuildProgram& build,
                                          std::vector<Attempt>& attempts) {
    return Search(input, build, attempts).run();
}

}  // namespace infsim::compiler
