#include "compiler/search/search.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compiler/search/estimate.hpp"
#include "compiler/search/plans.hpp"
#include "compiler/search/sections.hpp"

namespace infsim::compiler {

namespace {

/// The best so far: its Program is not kept, only what was learnt from it.
struct Best {
    Decision decision;
    bool to_dram = false;
    Estimate estimate;
    std::size_t attempt = 0;
};

using Sections = std::vector<Section>;

/// The largest number of images below `too_many` for which `fits`, 0 for none; more images are taken to need more room.
template <class Fits>
int most_images(int too_many, Fits&& fits) {
    int enough = 0;
    while (enough + 1 < too_many) {
        const int middle = (enough + too_many) / 2;
        (fits(middle) ? enough : too_many) = middle;
    }
    return enough;
}

/// Sections, and how long they are estimated to take.
struct Priced {
    std::string name;
    Sections sections;
    Duration time;
};

class Search {
public:
    Search(const SearchInput& input, const BuildProgram& build, std::vector<Attempt>& attempts)
        : in_(input), build_(build), attempts_(attempts), plans_(plans_for(in_.batch, {})), too_many_(in_.batch) {}

    std::variant<Decision, DoesNotFit> run() {
        const bool sections = in_.options.search_sections && in_.options.batching;
        const bool only_tight = sections && in_.options.search_only_tight;
        bool fast = false;
        if (only_tight && !in_.first_that_fits) {
            if (auto decision = as_it_is()) return std::move(*decision);
            fast = try_sub_batches();
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
    /// What came of one attempt.
    struct Tried {
        std::optional<DoesNotFit> why;
        std::vector<Duration> pe_by_layer;
    };

    const SearchInput& in_;
    const BuildProgram& build_;
    std::vector<Attempt>& attempts_;
    std::vector<Plan> plans_;  ///< of the plain compiler
    std::optional<Best> best_;
    bool tried_sub_batches_ = false;
    std::map<int, std::optional<Plan>> as_they_are_;  ///< by number of images
    int too_many_;                                    ///< images that do not fit as they are, as far as is known

    bool is_resident() const { return best_ && best_->decision.evictions.empty(); }
    bool is_done() const { return in_.first_that_fits && best_; }

    /// A Program has to be estimated clearly faster to take the place of the one before, the plain one first: the
    /// estimate knows no contention between cores.
    bool clearly_faster(const Estimate& time) const {
        constexpr double kMargin = 0.98;
        return !best_ || seconds(time.makespan) < kMargin * seconds(best_->estimate.makespan);
    }

    std::vector<Plan> plans_for(int batch, const Sections& sections) const {
        std::vector<Plan> list = plans(in_.network, in_.target, batch, in_.dtype, in_.options);
        for (Plan& plan : list)
            if (!sections.empty()) plan.sections = sections;
        return list;
    }

    /// What is tried before all else: every plan, with nothing that leaves the state buffer.
    static Trial kept(std::vector<Plan> plans, int batch) { return {std::move(plans), batch, false, false, false}; }

    /// Tried on a quarter of a large batch first: where that has no place, all of it has none.
    std::optional<Decision> as_it_is() {
        constexpr int kLarge = 16;
        const auto begin = std::chrono::steady_clock::now();
        std::optional<Decision> decision;
        if (in_.batch >= kLarge && !plan_as_it_is(in_.batch / 4)) {
            too_many_ = in_.batch / 4;
        } else {
            auto outcome = build_(kept(plans_, in_.batch));
            if (auto* built = std::get_if<Built>(&outcome)) decision = std::move(built->decision);
        }
        const bool fits = decision.has_value();
        attempts_.push_back({"as it is", fits ? "fits" : "does not fit", seconds_since(begin), fits});
        return decision;
    }

    /// The plan that `images` have as they are, where they have one.
    const std::optional<Plan>& plan_as_it_is(int images) {
        const auto [known, fresh] = as_they_are_.try_emplace(images);
        if (!fresh) return known->second;
        auto outcome = build_(kept(plans_for(images, {}), images));
        if (auto* built = std::get_if<Built>(&outcome)) known->second = std::move(built->decision.plan);
        return known->second;
    }

    int all_layers() const { return static_cast<int>(in_.network.layers.size()); }
    /// Images of a pass where so many passes of at most `most` images are about even.
    int even_pass(int most) const {
        const int passes = (in_.batch + most - 1) / most;
        return (in_.batch + passes - 1) / passes;
    }

    /// The network on some of the images at a time: as many as fit as they are.
    std::optional<Sections> whole_passes() {
        const int most = most_images(too_many_, [&](int images) { return plan_as_it_is(images).has_value(); });
        if (most == 0) return std::nullopt;
        const int images = even_pass(most);
        const auto& plan = plan_as_it_is(images);
        if (!plan) return std::nullopt;
        Sections sections = plan->sections;
        if (sections.empty()) sections.push_back({0, all_layers()});
        for (Section& s : sections) s.images = s.weights_for = images;
        return sections;
    }

    /// The estimate for `batch` images; nothing where they do not fit.
    std::optional<Duration> estimated(const Sections& sections, int batch) {
        auto outcome = build_({plans_for(batch, sections), batch, false});
        const auto* built = std::get_if<Built>(&outcome);
        if (!built) return std::nullopt;
        return in_.first_that_fits ? Duration{} : estimate(built->program, in_.spec).makespan;
    }

    /// Adds passes of `images` to `all`, with their time for the whole batch by that of two of them.
    void add_passes(const std::string& name, Sections sections, int images, std::vector<Priced>& all) {
        const auto begin = std::chrono::steady_clock::now();
        const int judged_on = std::min(in_.batch, 2 * images);
        auto time = estimated(sections, judged_on);
        if (time) time = Duration{time->count() / judged_on * in_.batch};
        attempts_.push_back({name, time ? fmt::format("estimate {:.3f} ms", milliseconds(*time)) : "does not fit",
                             seconds_since(begin)});
        if (time) all.push_back({name, std::move(sections), *time});
    }

    /// Adds passes of up to `most` images in sections of the network that promise to be faster than `whole` seconds.
    void add_sections(const NetworkCosts& costs, int most, double whole, std::vector<Priced>& all) {
        const int images = even_pass(most);
        if (images == in_.batch && !in_.options.search_only_tight) return;  // see try_sections
        for (SectionList& c : section_candidates(costs, in_.network.stem_layers, images, in_.capacity)) {
            if (c.seconds * in_.batch / images > whole) continue;
            const bool even = std::all_of(c.sections.begin(), c.sections.end(),
                                          [&](const Section& s) { return images % std::max(1, s.images) == 0; });
            if (images < in_.batch && !even) continue;
            if (images < in_.batch)
                for (Section& s : c.sections) s.weights_for = images;
            const std::string name = fmt::format("passes of {} in {} sections", images, c.sections.size());
            add_passes(name, std::move(c.sections), images, all);
        }
    }

    /// Passes over all layers, and passes in sections.
    std::vector<Priced> sub_batches(const NetworkCosts& costs) {
        std::vector<Priced> all;
        double whole = std::numeric_limits<double>::infinity();
        if (const auto passes = whole_passes()) {
            const int images = (*passes)[0].images;
            whole = costs.seconds(LayerId(0), costs.end(), images, in_.batch);
            add_passes(fmt::format("passes of {}", images), *passes, images, all);
        }
        for (const int images : {8, 16})
            if (images == 8 || in_.batch > 8) add_sections(costs, images, whole, all);
        std::stable_sort(all.begin(), all.end(), [](const Priced& a, const Priced& b) { return a.time < b.time; });
        return all;
    }

    /// The fastest of them that has a place, if it is faster than what there is; whether it is fast enough to leave it
    /// at that.
    bool try_sub_batches() {
        constexpr double kFast = 2.2;  // times what the layers take by their costs alone
        tried_sub_batches_ = true;
        const NetworkCosts costs(in_.network, in_.spec, in_.dtype, in_.options);
        for (const Priced& p : sub_batches(costs)) {
            if (!in_.options.search_only_tight) {  // its own Program is judged
                if (!try_plans(p.name, {plans_for(in_.batch, p.sections), in_.batch, false}).why) return true;
                continue;
            }
            auto outcome = build_({plans_for(in_.batch, p.sections), in_.batch, false, true, false});
            auto* built = std::get_if<Built>(&outcome);
            if (!built) continue;
            Estimate time{p.time, std::vector<Duration>(in_.network.layers.size())};
            if (!clearly_faster(time)) return true;
            best_ = Best{std::move(built->decision), false, std::move(time), attempts_.size()};
            attempts_.push_back({p.name, "fits", 0});
            return seconds(p.time) <= kFast * costs.seconds(LayerId(0), costs.end(), in_.batch, in_.batch);
        }
        return false;
    }

    static double seconds_since(std::chrono::steady_clock::time_point begin) {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

    Tried try_plans(std::string name, const Trial& trial) {
        const auto begin = std::chrono::steady_clock::now();
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
        attempt.seconds = seconds_since(begin);
        attempts_.push_back(std::move(attempt));
        return tried;
    }

    /// Plans of the search never spill: what they are for is to keep tensors on chip.
    void try_sections() {
        const NetworkCosts costs(in_.network, in_.spec, in_.dtype, in_.options);
        auto candidates = section_candidates(costs, in_.network.stem_layers, in_.batch, in_.capacity);
        // Those that leave most room come last; where time does not count they are asked first.
        if (in_.first_that_fits) std::reverse(candidates.begin(), candidates.end());
        for (const SectionList& c : candidates) {
            if (is_done()) return;
            try_plans(fmt::format("{} sections", c.sections.size()),
                      {plans_for(in_.batch, c.sections), in_.batch, false});
        }
    }

    /// One Program for each number of banks; then, layer by layer, the number under which the PE was done soonest.
    void try_banks() {
        if (best_->to_dram) return;  // what it gains is small beside such transfers
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
