// A rate shared among the transfers in progress.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "base/units.hpp"

namespace infsim::compiler {

/// Bytes per second, shared in turns by the transfers in progress: one turn each, however many bytes a turn costs.
/// Times never run backwards: no arrival or departure may precede an earlier one.
///
/// Turns are treated as infinitely fine. A transfer is stored by its position on a scale of the turns that each
/// transfer has had since the beginning, so that arrivals and departures cost the logarithm of the number in progress
/// (virtual time of generalized processor sharing: A. Parekh and R. Gallager, IEEE/ACM Transactions on Networking 1(3),
/// 1993).
class FairShare {
public:
    explicit FairShare(Bandwidth rate)
        : bytes_per_picosecond_(std::max(1e-12, static_cast<double>(rate.count()) * 1e-12)) {}

    /// Transfer `id` of `bytes` begins, in this many turns.
    void arrive(Duration at, int id, Bytes bytes, std::int64_t turns) {
        advance(at);
        const double n = static_cast<double>(std::max<std::int64_t>(1, turns));
        const double cost = static_cast<double>(bytes.count()) / n;
        under_way_.push({had_ + n, cost, id});
        round_ += cost;
    }

    /// When the next transfer ends unless others arrive first; empty if none is in progress.
    std::optional<Duration> next_departure() const {
        if (under_way_.empty()) return std::nullopt;
        const double left = std::max(0.0, under_way_.top().ends - had_);
        return Duration{std::max<Duration::rep>(last_, std::llround(now_ + left * round_ / bytes_per_picosecond_))};
    }

    /// Removes the transfer that ends next and returns its id.
    int depart() {
        const Transfer first = under_way_.top();
        advance(*next_departure());
        had_ = std::max(had_, first.ends);
        under_way_.pop();
        round_ = under_way_.empty() ? 0 : round_ - first.cost;  // so that no rounding error remains
        return first.id;
    }

private:
    struct Transfer {
        double ends;  ///< turns that each has had by then
        double cost;  ///< bytes of a turn
        int id;
        bool operator>(const Transfer& other) const { return ends != other.ends ? ends > other.ends : id > other.id; }
    };

    double bytes_per_picosecond_;
    double round_ = 0;        ///< bytes of one turn each
    double had_ = 0;          ///< turns that a transfer in progress since the beginning would have had
    double now_ = 0;          ///< picoseconds
    Duration::rep last_ = 0;  ///< picoseconds
    std::priority_queue<Transfer, std::vector<Transfer>, std::greater<>> under_way_;

    void advance(Duration to) {
        last_ = std::max(last_, to.count());
        const auto at = static_cast<double>(last_);
        if (round_ > 0) had_ += (at - now_) * bytes_per_picosecond_ / round_;
        now_ = at;
    }
};

}  // namespace infsim::compiler
