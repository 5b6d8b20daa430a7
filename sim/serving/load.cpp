#include "serving/load.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

/// Beyond the time that a simulation may reach (simulate.cpp), with room for additions in 64 bits.
constexpr double kBeyond = 8.5e18;

Duration rounded(double picoseconds) {
    return Duration{static_cast<std::int64_t>(std::llround(std::min(picoseconds, kBeyond)))};
}

struct Rate {
    std::optional<double> operator()(const ClosedLoop&) const { return std::nullopt; }
    std::optional<double> operator()(const Poisson& l) const { return l.rate; }
    std::optional<double> operator()(const ConstantRate& l) const { return l.rate; }
    std::optional<double> operator()(const Bursts& l) const { return l.rate * seconds(l.on) / seconds(l.on + l.off); }
    std::optional<double> operator()(const Trace& l) const {
        const auto& all = l.arrivals;
        if (all.size() < 2 || all.back().at == all.front().at) return std::nullopt;
        return static_cast<double>(all.size() - 1) / seconds(all.back().at - all.front().at);
    }
};

struct Scale {
    double factor;
    Load operator()(const ClosedLoop&) const {
        INFSIM_CHECK(false, "a closed loop has no rate to scale");
        return {};
    }
    Load operator()(Poisson l) const {
        l.rate *= factor;
        return l;
    }
    Load operator()(ConstantRate l) const {
        l.rate *= factor;
        return l;
    }
    Load operator()(Bursts l) const {
        l.rate *= factor;
        return l;
    }
    Load operator()(Trace l) const {
        for (Arrival& a : l.arrivals)
            a.at = TimePoint{rounded(static_cast<double>(a.at.time_since_epoch().count()) / factor)};
        return l;
    }
};

}  // namespace

double Sizes::mean() const {
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const double w = in_turn ? 1.0 : weights[i];
        sum += w * items[i];
        weight += w;
    }
    return sum / weight;
}

Sizes aws_example_sizes() { return {{1, 4, 7, 8, 1024}, {1, 1, 1, 1, 1}, true}; }

std::optional<double> offered_rate(const Load& load) { return std::visit(Rate{}, load); }

Load scaled(const Load& load, double factor) { return std::visit(Scale{factor}, load); }

Arrivals::Arrivals(const Load& load, Sizes sizes, Stop stop, std::uint64_t seed)
    : load_(&load),
      sizes_(std::move(sizes)),
      stop_(stop),
      gaps_(seed, "arrival gaps"),
      drawn_sizes_(seed, "request sizes"),
      phases_(seed, "burst phases") {
    if (!sizes_.in_turn && sizes_.items.size() > 1) {
        cumulative_.resize(sizes_.weights.size());
        std::partial_sum(sizes_.weights.begin(), sizes_.weights.end(), cumulative_.begin());
    }
    if (const auto* closed = std::get_if<ClosedLoop>(load_))
        for (int c = 0; c < closed->clients(); ++c) asking_.push_back(TimePoint{closed->ramp * c / closed->clients()});
    if (const auto* bursts = std::get_if<Bursts>(load_)) phase_end_ = TimePoint{phase(bursts->on)};
    prepare();
}

bool Arrivals::may_send(TimePoint at) const {
    const bool count_left = stop_.requests > 0 && sent_ < stop_.requests;
    if (stop_.both) return count_left || last_ < TimePoint{stop_.duration};
    const bool time_left = stop_.duration > Duration{0} && at < TimePoint{stop_.duration};
    return (stop_.requests == 0 || count_left) && (stop_.duration == Duration{0} || time_left);
}

void Arrivals::prepare() {
    next_ = draw_next();
    if (next_ && !may_send(*next_)) next_.reset();
}

Duration Arrivals::phase(Duration mean) {
    return std::get<Bursts>(*load_).random_phases ? rounded(phases_.exponential(static_cast<double>(mean.count())))
                                                  : mean;
}

/// Arrivals are Poisson in the time spent on; the next arrival is one exponential gap of such time ahead.
TimePoint Arrivals::next_in_bursts(const Bursts& bursts) {
    TimePoint at = last_;
    Duration gap = rounded(gaps_.exponential(1e12 / bursts.rate));
    while (at + gap >= phase_end_) {
        gap -= phase_end_ - at;
        at = phase_end_ + phase(bursts.off);
        if (static_cast<double>(at.time_since_epoch().count()) > kBeyond) return at;
        // A phase without length would make the loop endless.
        phase_end_ = at + std::max(phase(bursts.on), Duration{1});
    }
    return at + gap;
}

std::optional<TimePoint> Arrivals::draw_next() {
    if (std::holds_alternative<ClosedLoop>(*load_))
        return first_ < asking_.size() ? std::optional{asking_[first_]} : std::nullopt;
    if (const auto* trace = std::get_if<Trace>(load_)) {
        const auto n = static_cast<std::size_t>(sent_);
        return n < trace->arrivals.size() ? std::optional{trace->arrivals[n].at} : std::nullopt;
    }
    if (const auto* constant = std::get_if<ConstantRate>(load_))
        return TimePoint{rounded(static_cast<double>(sent_) * (1e12 / constant->rate))};
    if (const auto* poisson = std::get_if<Poisson>(load_))
        return last_ + rounded(gaps_.exponential(1e12 / poisson->rate));
    return next_in_bursts(std::get<Bursts>(*load_));
}

std::int32_t Arrivals::draw_size() {
    if (sizes_.items.size() == 1) return sizes_.items.front();
    if (sizes_.in_turn) return sizes_.items[static_cast<std::size_t>(sent_) % sizes_.items.size()];
    const double x = drawn_sizes_.uniform() * cumulative_.back();
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), x) - cumulative_.begin();
    return sizes_.items[std::min(static_cast<std::size_t>(at), sizes_.items.size() - 1)];
}

Arrival Arrivals::take() {
    INFSIM_CHECK(next_.has_value(), "an arrival is taken where none is");
    Arrival arrival{*next_, 1};
    if (const auto* trace = std::get_if<Trace>(load_))
        arrival.items = trace->arrivals[static_cast<std::size_t>(sent_)].items;
    else arrival.items = draw_size();
    if (std::holds_alternative<ClosedLoop>(*load_)) ++first_;
    if (first_ > 1024 && first_ * 2 > asking_.size()) {
        asking_.erase(asking_.begin(), asking_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
    last_ = arrival.at;
    ++sent_;
    prepare();
    return arrival;
}

void Arrivals::answered(TimePoint at) {
    if (!std::holds_alternative<ClosedLoop>(*load_)) return;
    // Answers come in order of time, but a ramp may still have later first requests waiting.
    asking_.insert(std::upper_bound(asking_.begin() + static_cast<std::ptrdiff_t>(first_), asking_.end(), at), at);
    prepare();
}

}  // namespace infsim::serving
