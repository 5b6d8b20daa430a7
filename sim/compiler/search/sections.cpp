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
constexpr std::array kStripes = {16, 8, 4, 2, 1};  ///< rows of the last layer

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
        const auto at = [&](LayerId l) { return costs.crossing(l, 2); };
        const bool narrow = (before.value() < stem_layers || at(c) <= at(before)) &&
                            (behind.value() >= costs.end().value() || at(c) <= at(behind));
        if (narrow) cuts.push_back(c);
    }
    if (cuts.size() > kMostCuts) {  // keep those with the fewest bytes crossing
        std::stable_sort(cuts.begin(), cuts.end(),
                         [&](LayerId a, LayerId b) { return costs.crossing(a, 2) < costs.crossing(b, 2); });
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
    Planner(const NetworkCosts& costs, int stem_layers, int batch, std::int64_t room, const LearntNeeds& learnt,
            Weights weights)
        : costs_(costs),
          learnt_(learnt),
          weights_(weights),
          batch_(batch),
          room_(room),
          cuts_(cuts_of(costs, stem_layers)),
          sizes_(sizes_of(batch)) {}

    /// Empty if there are no sections, or if all layers on all images take no longer.
    std::optional<SectionList> best() {
        constexpr double kSame = 1 + 1e-9;  // sums of the same numbers, in another order
        const Choice& choice = before({costs_.end(), batch_, 0, kMostSections});
        SectionList list{joined(choice.sections), choice.seconds};
        if (list.sections.empty() || is_plain(list.sections)) return std::nullopt;
        for (const Option& whole : ways(LayerId(0), costs_.end(), batch_, batch_, room_))
            if (is_plain({whole.section}) && whole.seconds <= kSame * choice.seconds) return std::nullopt;
        return list;
    }

private:
    const NetworkCosts& costs_;
    const LearntNeeds& learnt_;
    Weights weights_;
    int batch_;
    std::int64_t room_;
    std::vector<LayerId> cuts_;
    std::vector<int> sizes_;
    std::map<std::tuple<int, int, std::int64_t, int>, Choice> known_;
    /// One way to run a section.
    struct Option {
        double seconds = std::numeric_limits<double>::infinity();
        Section section;
        std::int64_t held = 0;  ///< weights that stay while the sections before it run for its next turn
    };
    /// Two ways layer by layer, and twice two in stripes.
    class Options {
    public:
        void push_back(const Option& o) { list_.at(size_++) = o; }
        const Option* begin() const { return list_.data(); }
        const Option* end() const { return list_.data() + size_; }
        std::size_t size() const { return size_; }

    private:
        std::array<Option, 6> list_;
        std::size_t size_ = 0;
    };
    const Choice nothing_left_{0, {}}, impossible_;

    bool is_plain(const std::vector<Section>& sections) const {
        return sections.size() == 1 && sections[0].stripe_rows == 0 && sections[0].images >= batch_;
    }

    /// What a layer of [first, last) was found to need, added to what NetworkCosts knows of it: `own` for layers in
    /// stripes, which share everything.
    std::int64_t learnt_need(LayerId first, LayerId last, int images, std::optional<std::int64_t> own) const {
        std::int64_t most = 0;
        for (const auto& [where, more] : learnt_) {
            const auto& [layer, on, striped] = where;
            if (on != images || striped != own.has_value() || layer < first || layer >= last) continue;
            most = std::max(most, more + (own ? *own : costs_.peak(layer, layer.next(), images)));
        }
        return most;
    }

    /// Layers [first, last) on `images` at a time, in turns until the next section has its `turn`: layer by layer and,
    /// if that does not fit or reads weights for every turn, fused in the tallest stripes that fit.
    Options ways(LayerId first, LayerId last, int images, int turn, std::int64_t room) const {
        Options list;
        add_layer_by_layer(list, {first.value(), last.value(), images}, turn, room);
        const auto stay = [&](const Option& o) { return o.section.weights_for == turn; };
        if (std::none_of(list.begin(), list.end(), stay) && costs_.fuses(first, last))
            add_striped(list, {first.value(), last.value(), images}, turn, room);
        return list;
    }

    /// Adds a section whose `weights` bytes stay for all its turns if they are within `spare`, and one that reads them
    /// again for each turn. If they may be evicted, they stay as far as there is room: nobody knows yet how far that
    /// is. `seconds(images)`: the time if weights are read for so many images.
    template <class Seconds>
    void add(Options& options, Section s, int turn, std::int64_t weights, std::int64_t spare, Seconds&& seconds) const {
        if (weights_ == Weights::evicted) {
            s.weights_for = turn;
            return options.push_back({seconds(s.images), s, 0});
        }
        if (turn > s.images && weights <= spare) {
            s.weights_for = turn;
            options.push_back({seconds(turn), s, weights});
        }
        s.weights_for = s.images;
        options.push_back({seconds(s.images), s, 0});
    }

    void add_layer_by_layer(Options& options, const Section& s, int turn, std::int64_t room) const {
        const LayerId first(s.first), last(s.last);
        const std::int64_t need =
            std::max(costs_.peak(first, last, s.images), learnt_need(first, last, s.images, std::nullopt));
        if (need > room) return;
        add(options, s, turn, costs_.resident_weights(first, last), room - need,
            [&](int weights_for) { return costs_.seconds(first, last, s.images, batch_, weights_for); });
    }

    void add_striped(Options& options, Section s, int turn, std::int64_t room) const {
        const LayerId first(s.first), last(s.last);
        const std::size_t before = options.size();
        for (int rows : kStripes) {
            for (const bool again : {false, true}) {
                const StripeCosts& stripes = costs_.stripes(first, last, rows, again);
                const bool evicted = weights_ == Weights::evicted;
                const std::int64_t peak = stripes.peak(s.images) - (evicted ? stripes.weights : 0);
                if (std::max(peak, learnt_need(first, last, s.images, peak)) > room) continue;
                s.stripe_rows = rows;
                s.recompute_halo = again;
                // The peak has their weights already: they stay from image to image.
                add(options, s, turn, stripes.weights, stripes.weights,
                    [&](int weights_for) { return costs_.striped_seconds(first, last, weights_for, batch_, stripes); });
            }
            if (options.size() > before) break;
        }
    }

    /// Where sections are still to be chosen: for layers [0, end), before a section that takes `images` at a time,
    /// while tensors between later sections and their weights hold `held` bytes; at most `left` sections.
    struct Spot {
        LayerId end;
        int images = 0;
        std::int64_t held = 0;
        int left = 0;
    };

    const Choice& before(const Spot& spot) {
        if (spot.end.value() == 0) return nothing_left_;
        if (spot.left == 0) return impossible_;
        const auto key = std::make_tuple(spot.end.value(), spot.images, spot.held, spot.left);
        if (const auto found = known_.find(key); found != known_.end()) return found->second;
        Choice best;
        for (LayerId cut : cuts_) {
            if (cut >= spot.end) break;
            for (int n : sizes_)
                if (n <= spot.images && (spot.images % n == 0 || spot.images == batch_)) improve(best, spot, cut, n);
        }
        return known_[key] = std::move(best);
    }

    /// Takes layers [cut, end) on `n` images at a time, with the best sections before them, where that is faster.
    void improve(Choice& best, const Spot& spot, LayerId cut, int n) {
        // While this section works on its last images, the others wait for the next section.
        const bool last = spot.left == kMostSections;
        const std::int64_t waiting = spot.held + (last ? 0 : costs_.crossing(spot.end, spot.images - n));
        for (const Option& option : ways(cut, spot.end, n, spot.images, room_ - waiting)) {
            if (option.seconds >= best.seconds) continue;
            const Choice& rest = before({cut, n, waiting + option.held, spot.left - 1});
            if (rest.seconds + option.seconds >= best.seconds) continue;
            best.seconds = rest.seconds + option.seconds;
            best.sections = rest.sections;
            best.sections.push_back(option.section);
        }
    }
};

}  // namespace

std::vector<Section> joined(const std::vector<Section>& sections) {
    std::vector<Section> list;
    for (const Section& s : sections) {
        const bool same = !list.empty() && list.back().images == s.images && list.back().weights_for == s.weights_for &&
                          list.back().stripe_rows == 0 && s.stripe_rows == 0;
        if (same) list.back().last = s.last;
        else list.push_back(s);
    }
    return list;
}

std::vector<SectionList> section_candidates(const NetworkCosts& costs, int stem_layers, int batch,
                                            std::int64_t capacity) {
    std::vector<SectionList> list;
    for (double share : kRoomShares) {
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
                                         const LearntNeeds& learnt, Weights weights) {
    return Planner(costs, stem_layers, batch, room, learnt, weights).best();
}

std::int64_t need_at(const NetworkCosts& costs, const std::vector<Section>& sections, int batch, LayerId layer) {
    std::int64_t waiting = 0;
    for (std::size_t s = sections.size(); s-- > 0;) {
        const Section& section = sections[s];
        const LayerId first(section.first), last(section.last);
        const int images = section.images_of(batch);
        const bool stay = std::min(section.weights_for, batch) > images;
        if (s + 1 < sections.size()) waiting += costs.crossing(last, sections[s + 1].images_of(batch) - images);
        const std::int64_t weights = stay ? costs.resident_weights(first, last) : 0;
        if (layer >= first && section.stripe_rows == 0)
            return waiting + weights + costs.peak(layer, layer.next(), images);
        if (layer >= first)
            return waiting + costs.stripes(first, last, section.stripe_rows, section.recompute_halo).peak(images);
        waiting += weights;
    }
    return waiting;
}

}  // namespace infsim::compiler
