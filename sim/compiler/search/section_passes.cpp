// Passes in sections: of those that the costs of the layers propose, which ones are built and priced.
#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "compiler/search/fitting_sections.hpp"
#include "compiler/search/sub_batches.hpp"

namespace infsim::compiler {

namespace {

constexpr double kRoomy = 0.7;  ///< shares of the state buffer from here on count only if nothing else fits

}  // namespace

/// Whether reissued loads may be worth their time: not if sections of several passes take fewer images in their last
/// turn.
bool SubBatches::worth_evictions(const Sections& sections, int images) const {
    return images == in_.batch || std::all_of(sections.begin(), sections.end(),
                                              [&](const Section& s) { return images % std::max(1, s.images) == 0; });
}

/// All layers on `images` images at a time, in these sections. `evicted`: their weights stay as long as images of the
/// pass need them, and what lacks room meanwhile is loaded again.
Cut SubBatches::in_sections_of(const SectionList& list, int images, Weights weights) const {
    Cut cut{"", images, list.sections};
    cut.evict = weights == Weights::evicted;
    for (Section& s : cut.sections)
        if (cut.evict || s.weights_for == 0) s.weights_for = images;
    cut.sections = joined(cut.sections);
    cut.name = fmt::format("passes of {} in {} sections{}", images, cut.sections.size(),
                           cut.evict ? ", loads issued again" : "");
    return cut;
}

/// The best sections in `room` that nobody has proposed yet, if they promise what is wanted.
std::optional<SectionList> SubBatches::proposal(const NetworkCosts& costs, SectionQuestion& q, std::int64_t room,
                                                Weights weights) {
    auto list = best_sections(costs, in_.network.stem_layers, q.images, room, {}, weights);
    if (!list) return std::nullopt;
    const double promised = list->seconds * in_.batch / q.images;
    q.promised = std::min(q.promised, promised);
    if (promised > q.wanted || std::find(q.tried.begin(), q.tried.end(), list->sections) != q.tried.end())
        return std::nullopt;
    q.tried.push_back(list->sections);
    return list;
}

/// Calls add(list, room) for proposals for less and less room.
template <class Add>
void SubBatches::add_proposals(const NetworkCosts& costs, SectionQuestion& q, Weights weights, std::vector<Priced>& all,
                               Add&& add) {
    // Where time decides about single Programs, sections of the whole batch are candidates of their own.
    if (q.images == in_.batch && !in_.options.search_only_tight) return;
    const std::size_t before = all.size();
    for (const double share : kRoomShares) {
        if (share <= kRoomy && all.size() > before) return;
        const auto room = static_cast<std::int64_t>(share * static_cast<double>(in_.capacity));
        if (const auto list = proposal(costs, q, room, weights)) add(*list, room);
    }
}

/// Adds passes in sections that fit as they are. Returns the seconds that the best proposal promises.
double SubBatches::add_planned(const NetworkCosts& costs, SectionQuestion& q, std::vector<Priced>& all) {
    add_proposals(costs, q, Weights::planned, all, [&](const SectionList& list, std::int64_t room) {
        const auto fitting = fitting_sections({in_, build_, costs, q.images, room, q.wanted}, list, q.tried);
        if (!fitting) return;
        const auto time = add_passes(in_sections_of(*fitting, q.images, Weights::planned), all);
        if (time) q.best = std::min(q.best, seconds(*time));
    });
    return q.promised;
}

/// Adds passes of various sizes in sections, given the passes over all layers at once.
SectionQuestions SubBatches::planned(const NetworkCosts& costs, const std::vector<Cut>& passes,
                                     std::vector<Priced>& all) {
    // A list's promise is off by a few per cent; the gains that lists promise over each other are several times the
    // actual gains.
    constexpr double kGain = 1.15, kGainOfMore = 0.99;
    constexpr int kMore = 2;  // how many more images sections may take than fit as they are
    double whole = std::numeric_limits<double>::infinity();
    for (const Cut& cut : passes)
        if (!cut.spill)
            whole = std::min(whole, costs.seconds(LayerId(0), costs.end(), cut.images, in_.batch, cut.images));
    const int kept = passes.empty() ? 0 : passes.front().images;
    SectionQuestions questions;
    double promised = std::numeric_limits<double>::infinity();
    for (const int images : std::set<int>{even_pass(8), even_pass(kept + kMore), std::min(kept + 1, in_.batch)}) {
        questions.push_back({images, kGain * whole});
        promised = std::min(promised, add_planned(costs, questions.back(), all));
    }
    if (in_.batch > 8) {
        questions.push_back({even_pass(16), std::min(kGain * whole, kGainOfMore * promised)});
        add_planned(costs, questions.back(), all);
    }
    return questions;
}

/// Adds passes in sections that may fit with reissued loads. These take long to build, and gain a few per cent over
/// sections that fit as they are: not worth trying if those are far from the best.
void SubBatches::add_evicted(const NetworkCosts& costs, SectionQuestion& q, std::vector<Priced>& all) {
    constexpr double kNear = 1.04;
    std::optional<Priced> fastest;
    for (const Priced& p : all)
        if (!fastest || p.time < fastest->time) fastest = p;
    if (fastest && q.best > kNear * seconds(fastest->time) && q.best < std::numeric_limits<double>::infinity()) return;
    add_proposals(costs, q, Weights::evicted, all, [&](const SectionList& list, std::int64_t) {
        if (worth_evictions(list.sections, q.images))
            add_passes(in_sections_of(list, q.images, Weights::evicted), all, fastest ? &*fastest : nullptr);
    });
}

}  // namespace infsim::compiler
