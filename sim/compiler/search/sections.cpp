#include "compiler/search/sections.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "hw/derived.hpp"

namespace infsim::compiler {

namespace {

constexpr int kMostSections = 5;
constexpr std::size_t kMostCuts = 28;
constexpr std::array kStripes = {16, 8, 4, 2, 1};      ///< rows of the last layer
constexpr std::array kShares = {1.0, 0.85, 0.7, 0.5};  ///< of the state buffer, for live activations

struct Choice {
    double seconds = std::numeric_limits<double>::infinity();
    std::vector<Section> sections;  ///< last first
};

/// Places where the network may be cut, each before a layer: where the least is alive nearby, so that few bytes wait.
/// The start is one of them.
std::vector<LayerId> cuts_of(const NetworkCosts& costs, int stem_layers) {
    std::vector<LayerId> cuts;
    for (LayerId c : IdRange(LayerId(std::max(1, stem_layers)), costs.end())) {
        const LayerId before = c.next(-1), behind = c.next();
        const bool narrow = (before.value() < stem_layers || costs.crossing(c) <= costs.crossing(before)) &&
                            (behind.value() >= costs.end().value() || costs.crossing(c) <= costs.crossing(behind));
        if (narrow) cuts.push_back(c);
    }
    if (cuts.size() > kMostCuts) {  // keep those with the fewest bytes crossing
        std::stable_sort(cuts.begin(), cuts.end(),
                         [&](LayerId a, LayerId b) { return costs.crossing(a) < costs.crossing(b); });
        cuts.resize(kMostCuts);
        std::sort(cuts.begin(), cuts.end(), [](LayerId a, LayerId b) { return a.value() < b.value(); });
    }
    cuts.insert(cuts.begin(), LayerId(0));
    return cuts;
}

/// Images that a section may take at a time.
std::vector<int> sizes_of(int batch) {
    std::vector<int> sizes;
    for (int n = 1; n < batch; n *= 2) sizes.push_back(n);
    sizes.push_back(batch);
    return sizes;
}

class Planner {
public:
    Planner(const NetworkCosts& costs, int stem_layers, int batch, std::int64_t room, const LearntNeeds& learnt)
        : costs_(costs),
          learnt_(learnt),
          stem_layers_(stem_layers),
          batch_(batch),
          room_(room),
          cuts_(cuts_of(costs, stem_layers)),
          sizes_(sizes_of(batch)) {}

    Choice best() { return before(costs_.end(), batch_, 0, kMostSections, true); }

private:
    const NetworkCosts& costs_;
    const LearntNeeds& learnt_;
    int stem_layers_, batch_;
    std::int64_t room_;
    std::vector<LayerId> cuts_;
    std::vector<int> sizes_;
    std::map<std::tuple<int, int, std::int64_t, int>, Choice> known_;
    /// A section that fits, or none (infinitely slow).
    struct Option {
        double seconds = std::numeric_limits<double>::infinity();
        Section section;
    };
    std::map<std::tuple<int, int, int, std::int64_t>, Option> options_;

    std::int64_t need(LayerId first, LayerId last, int images) const {
        std::int64_t most = costs_.peak(first, last, images);
        for (const auto& [where, more] : learnt_)
            if (where.second == images && where.first.value() >= first.value() && where.first.value() < last.value())
                most = std::max(most, costs_.peak(where.first, where.first.next(), images) + more);
        return most;
    }

    /// Layer by layer if that fits; otherwise a chain is fused in the tallest stripes that fit.
    const Option& section(LayerId first, LayerId last, int images, std::int64_t room) {
        auto [it, fresh] = options_.try_emplace({first.value(), last.value(), images, room});
        Option& option = it->second;
        if (!fresh) return option;
        if (need(first, last, images) <= room)
            return option = {costs_.seconds(first, last, images, batch_), {first.value(), last.value(), images}};
        if (first.value() < stem_layers_ || !costs_.chain(first, last)) return option;
        for (int rows : kStripes) {
            if (costs_.striped_peak(first, last, images, rows) > room) continue;
            const auto [copied, again] = costs_.halo(first, last, rows);
            return option = {costs_.seconds(first, last, images, batch_) + std::min(copied, again) * batch_,
                             {first.value(), last.value(), images, rows, again < copied}};
        }
        return option;
    }

    /// The best sections for layers [0, end) if the next section takes `images` at a time and tensors between later
    /// sections hold `held` bytes.
    Choice before(LayerId end, int images, std::int64_t held, int left, bool last = false) {
        if (end.value() == 0) return {0, {}};
        if (left == 0) return {};
        const auto key = std::make_tuple(end.value(), images, held, left);
        if (!last)
            if (const auto found = known_.find(key); found != known_.end()) return found->second;
        Choice best;
        for (LayerId cut : cuts_) {
            if (cut.value() >= end.value()) break;
            for (int n : sizes_) {
                if (n > images || (images % n != 0 && images != batch_)) continue;
                // While this section works on its last images, the others wait for the next section.
                const std::int64_t waiting = held + (last ? 0 : costs_.crossing(end) * (images - n));
                const Option& option = section(cut, end, n, room_ - waiting);
                if (option.seconds >= best.seconds) continue;
                Choice rest = before(cut, n, waiting, left - 1);
                if (rest.seconds + option.seconds >= best.seconds) continue;
                best.seconds = rest.seconds + option.seconds;
                best.sections = std::move(rest.sections);
                best.sections.push_back(option.section);
            }
        }
        if (!last) known_[key] = best;
        return best;
    }
};

/// Merges consecutive sections on equally many images: a cut between them costs nothing in the estimate, and means
/// nothing.
std::vector<Section> joined(const std::vector<Section>& sections) {
    std::vector<Section> list;
    for (const Section& s : sections) {
        const bool same =
            !list.empty() && list.back().images == s.images && list.back().stripe_rows == 0 && s.stripe_rows == 0;
        if (same) list.back().last = s.last;
        else list.push_back(s);
    }
    return list;
}

}  // namespace

std::vector<SectionList> section_candidates(const NetworkCosts& costs, int stem_layers, int batch,
                                            std::int64_t capacity) {
    std::vector<SectionList> list;
    for (double share : kShares) {
        const auto room = static_cast<std::int64_t>(share * static_cast<double>(capacity));
        auto best = best_sections(costs, stem_layers, batch, room, {});
        if (!best) continue;
        const bool known =
            std::any_of(list.begin(), list.end(), [&](const SectionList& l) { return l.sections == best->sections; });
        if (!known) list.push_back(std::move(*best));
    }
    return list;
}

std::optional<SectionList> best_sections(const NetworkCosts& costs, int stem_layers, int batch, std::int64_t room,
                                         const LearntNeeds& learnt) {
    const Choice best = Planner(costs, stem_layers, batch, room, learnt).best();
    SectionList list{joined(best.sections), best.seconds};
    const bool plain =
        list.sections.size() == 1 && list.sections[0].stripe_rows == 0 && list.sections[0].images_of(batch) >= batch;
    if (list.sections.empty() || plain) return std::nullopt;
    return list;
}

std::int64_t need_at(const NetworkCosts& costs, const std::vector<Section>& sections, int batch, LayerId layer) {
    std::int64_t waiting = 0;
    for (std::size_t s = sections.size(); s-- > 0;) {
        const Section& section = sections[s];
        const LayerId first(section.first), last(section.last);
        const int images = section.images_of(batch);
        if (s + 1 < sections.size()) waiting += costs.crossing(last) * (sections[s + 1].images_of(batch) - images);
        if (layer.value() < section.first) continue;
        return waiting + (section.stripe_rows > 0 ? costs.striped_peak(first, last, images, section.stripe_rows)
                                                  : costs.peak(layer, layer.next(), images));
    }
    return waiting;
}

}  // namespace infsim::compiler
