#include "serving/contention.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace infsim::serving {

namespace {

constexpr double kMostFactor = 8;
constexpr int kHalvings = 14;

int distance(int channels, int from, int to) { return ((to - from) % channels + channels) % channels; }

/// What a demand above its share gets of a channel of capacity 1, max-min fairly: demands below the level are served
/// whole, all others get the level.
double fair_level(std::vector<double>& demands) {
    std::sort(demands.begin(), demands.end());
    double left = 1;
    for (std::size_t i = 0; i < demands.size(); ++i) {
        const double level = left / static_cast<double>(demands.size() - i);
        if (demands[i] > level) return level;
        left -= demands[i];
    }
    return 1;
}

/// A core in Lanes: batches that follow each other without pause. Times in units of the batch alone.
struct Lane {
    int core = 0;
    std::size_t piece = 0;
    double start = 0;      ///< of the present batch; of the first, before it has begun
    double left = 0;       ///< of the present piece
    bool begun = false;
    std::vector<std::pair<double, double>> done;  ///< start and end of each batch
    bool over() const { return done.size() == kPhaseBatches; }
};

/// Mean time of the batches of `counted` lanes that ran while all lanes were running.
void add_measured(const std::vector<Lane>& lanes, const std::vector<bool>& counted, double& sum, int& batches) {
    double first = 0, last = lanes.front().done.back().second;
    for (const Lane& lane : lanes) {
        first = std::max(first, lane.done.front().first);
        last = std::min(last, lane.done.back().second);
    }
    for (std::size_t i = 0; i < lanes.size(); ++i)
        for (const auto& [start, end] : lanes[i].done)
            if (counted[i] && start >= first && end <= last) {
                sum += end - start;
                ++batches;
            }
}

/// The fluid view of batches without pause on several cores.
class Lanes {
public:
    Lanes(const Course& course, int channels, int core, CoreSet busy)
        : course_(course), slow_downs_(channels) {
        for (const Piece& piece : course) ticks_ += piece.ticks;
        for (int c = 0; c < kMaxCoresPerChip; ++c)
            if ((busy >> c & 1U) != 0) {
                cores_.push_back(c);
                counted_.push_back(crowd(channels, c, busy) == crowd(channels, core, busy));
            }
    }

    /// Mean time of a counted batch over its time alone.
    double mean(double factor) {
        double sum = 0;
        int batches = 0;
        for (int set = 0; set < kPhaseSets; ++set) {
            lanes_.clear();
            for (std::size_t i = 0; i < cores_.size(); ++i) {
                lanes_.emplace_back();
                lanes_.back().core = cores_[i];
                lanes_.back().start = start_phase(set, static_cast<int>(i));
            }
            for (double now = 0; step(now, factor);) {}
            add_measured(lanes_, counted_, sum, batches);
        }
        return batches > 0 ? sum / batches : std::numeric_limits<double>::max();
    }

private:
    double length(std::size_t piece) const { return static_cast<double>(course_[piece].ticks) / ticks_; }

    /// On to the next piece that ends or lane that begins; false when all are over.
    bool step(double& now, double factor) {
        asking_.clear();
        for (const Lane& lane : lanes_)
            if (lane.begun && !lane.over()) asking_.push_back({lane.core, &course_[lane.piece]});
        slow_downs_.find(asking_, slow_);
        double wait = -1;
        std::size_t running = 0;
        for (const Lane& lane : lanes_) {
            if (lane.over()) continue;
            const double until = lane.begun ? lane.left * (1 + factor * (slow_[running++] - 1)) : lane.start - now;
            if (wait < 0 || until < wait) wait = until;
        }
        if (wait < 0) return false;
        now += wait;
        running = 0;
        for (Lane& lane : lanes_) {
            if (lane.over()) continue;
            if (lane.begun) advance(lane, now, wait / (1 + factor * (slow_[running++] - 1)));
            else if (lane.start <= now) {
                lane.begun = true;
                lane.left = length(0);
            }
        }
        return true;
    }

    void advance(Lane& lane, double now, double by) {
        lane.left -= by;
        if (lane.left > 1e-12) return;
        if (++lane.piece == course_.size()) {
            lane.done.emplace_back(lane.start, now);
            lane.start = now;
            lane.piece = 0;
        }
        lane.left = length(lane.piece);
    }

    const Course& course_;
    SlowDowns slow_downs_;
    double ticks_ = 0;
    std::vector<int> cores_;
    std::vector<bool> counted_;
    std::vector<Lane> lanes_;
    std::vector<Asking> asking_;
    std::vector<double> slow_;
};

}  // namespace

void SlowDowns::find(const std::vector<Asking>& asking, std::vector<double>& result) {
    result.assign(asking.size(), 1.0);
    const auto demand = [&](const Asking& a, int channel) {
        return a.piece == nullptr ? 0.0 : a.piece->share[static_cast<std::size_t>(distance(channels_, a.core, channel))];
    };
    for (int channel = 0; channel < channels_; ++channel) {
        demands_.clear();
        double sum = 0;
        for (const Asking& a : asking) {
            const double d = demand(a, channel);
            if (d > 0) demands_.push_back(d);
            sum += d;
        }
        if (sum <= 1) continue;
        const double level = fair_level(demands_);
        for (std::size_t i = 0; i < asking.size(); ++i)
            result[i] = std::max(result[i], demand(asking[i], channel) / level);
    }
}

double start_phase(int set, int lane) {
    constexpr std::array<int, 8> multipliers{0, 1, 5, 7, 11, 3, 13, 9};
    const int round = lane / static_cast<int>(multipliers.size());
    const int at = set * multipliers[static_cast<std::size_t>(lane) % multipliers.size()] % kPhaseSets;
    // Further lanes repeat the phases, shifted by parts of a step.
    const double phase = (at + round / 8.0) / kPhaseSets;
    return phase < 1 ? phase : phase - 1;
}

std::vector<int> crowd(int channels, int core, CoreSet busy) {
    std::vector<int> counts(static_cast<std::size_t>(channels), 0);
    for (int c = 0; c < kMaxCoresPerChip; ++c)
        if ((busy >> c & 1U) != 0) ++counts[static_cast<std::size_t>(distance(channels, core, c))];
    return counts;
}

double find_factor(const Course& course, int channels, int core, CoreSet busy, double slow_down) {
    if (course.empty() || slow_down <= 1) return kEven;
    Lanes lanes(course, channels, core, busy);
    if (lanes.mean(kMostFactor) < slow_down) return kEven;
    double low = 0, high = kMostFactor;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = (low + high) / 2;
        (lanes.mean(middle) < slow_down ? low : high) = middle;
    }
    return (low + high) / 2;
}

}  // namespace infsim::serving
