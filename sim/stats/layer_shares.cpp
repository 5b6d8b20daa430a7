#include "stats/layer_shares.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace infsim::stats {

namespace {

using program::Purpose;

bool in_background(Activity a) { return a >= Activity::weights; }

/// Begin or end of a span.
struct Edge {
    TimePoint at;
    bool begins = false;
    std::uint16_t layer = 0;
    Activity activity = Activity::pe;
};

/// The activities in progress at one time, with the number of spans of each.
using UnderWay = std::map<std::pair<std::uint16_t, Activity>, int>;

void count(UnderWay& all, const Edge& edge) {
    const auto found = all.try_emplace({edge.layer, edge.activity}, 0).first;
    found->second += edge.begins ? 1 : -1;
    if (found->second == 0) all.erase(found);
}

void share(const UnderWay& owners, Duration time, std::vector<ActivityTimes>& times) {
    const double each = record::report_ms(time) / static_cast<double>(owners.size());
    for (const auto& [key, spans] : owners) times[key.first][static_cast<std::size_t>(key.second)] += each;
}

}  // namespace

Activity activity_of(record::AccountedEngine engine, const InstructionFacts& facts) {
    switch (engine) {
        case record::AccountedEngine::pe: return Activity::pe;
        case record::AccountedEngine::act: return Activity::act;
        case record::AccountedEngine::pool: return Activity::pool;
        case record::AccountedEngine::dma: break;
    }
    if (facts.dram_bytes == 0) return Activity::copies;
    switch (static_cast<Purpose>(facts.purpose)) {
        case Purpose::weights: return Activity::weights;
        case Purpose::constants: return Activity::constants;
        case Purpose::input: return Activity::inputs;
        case Purpose::output: return Activity::outputs;
        case Purpose::spill: return Activity::spills;
        case Purpose::relayout: break;
    }
    return facts.writes_dram ? Activity::stores : Activity::fetches;
}

LayerShares::LayerShares(const ProgramIndex& index, int core, std::uint64_t inference)
    : index_(index), core_(core), inference_(inference), queues_(index.queue_count()) {}

void LayerShares::on(const observe::Issued& event) {
    if (!mine(event.who)) return;
    const InstructionFacts& facts = index_[event.who];
    const Activity activity = activity_of(index_.engine(event.who.queue), facts);
    auto& spans = queues_[event.who.queue];
    const bool goes_on = !spans.empty() && spans.back().layer == facts.layer && spans.back().activity == activity &&
                         event.at <= spans.back().until;
    if (goes_on) spans.back().until = std::max(spans.back().until, event.busy_until);
    else spans.push_back({event.who.index, facts.layer, activity, event.at, event.busy_until});
}

void LayerShares::on(const observe::Retired& event) {
    if (!mine(event.who)) return;
    auto& spans = queues_[event.who.queue];
    // Later instructions may have issued since.
    const auto found =
        std::find_if(spans.rbegin(), spans.rend(), [&](const Span& s) { return s.first <= event.who.index; });
    if (found != spans.rend()) found->until = std::max(found->until, event.at);
}

std::vector<ActivityTimes> LayerShares::result() const {
    std::vector<Edge> edges;
    for (const auto& spans : queues_)
        for (const Span& s : spans) {
            edges.push_back({s.from, true, s.layer, s.activity});
            edges.push_back({s.until, false, s.layer, s.activity});
        }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
        return std::tie(a.at, a.begins, a.layer, a.activity) < std::tie(b.at, b.begins, b.layer, b.activity);
    });
    std::vector<ActivityTimes> times(index_.layer_count());
    UnderWay foreground, background;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        count(in_background(edges[i].activity) ? background : foreground, edges[i]);
        if (i + 1 == edges.size() || edges[i + 1].at == edges[i].at) continue;
        const Duration time = edges[i + 1].at - edges[i].at;
        if (!foreground.empty()) share(foreground, time, times);
        else if (!background.empty()) share(background, time, times);
    }
    return times;
}

}  // namespace infsim::stats
