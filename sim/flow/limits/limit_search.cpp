#include "flow/limits/limit_search.hpp"

#include <algorithm>

namespace infsim::flow {

namespace {

/// Tests each batch once.
class Asked {
public:
    explicit Asked(const std::function<bool(int)>& holds) : holds_(holds) {}
    bool operator()(int batch) {
        const auto found = answers_.find(batch);
        return found != answers_.end() ? found->second : (answers_[batch] = holds_(batch));
    }
    LargestBatch result(int batch, int most) const {
        LargestBatch r;
        r.batch = batch;
        r.open = batch == most;
        for (const auto& [b, held] : answers_) {
            r.asked.push_back(b);
            if (!held && b < batch) r.holes.push_back(b);
        }
        return r;
    }

private:
    const std::function<bool(int)>& holds_;
    std::map<int, bool> answers_;
};

constexpr int kWorseDoublings = 2;

std::vector<int> powers_up_to(int most) {
    std::vector<int> list;
    for (int b = 1; b < most; b *= 2) list.push_back(b);
    list.push_back(most);
    return list;
}

/// `low` holds (or is 0) and `high` does not: finds a batch that holds and whose successor does not.
int bisect(Asked& ask, int low, int high) {
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        (ask(middle) ? low : high) = middle;
    }
    return low;
}

}  // namespace

LargestBatch find_largest(const std::function<bool(int)>& holds, int most, int window) {
    Asked ask(holds);
    if (ask(most)) return ask.result(most, most);
    int low = 0, high = most + 1;
    for (int b : powers_up_to(most)) {
        if (ask(b)) low = b, high = most + 1;
        else high = std::min(high, b);
    }
    if (low < most) low = bisect(ask, low, high);
    for (int b = low + 1; b <= std::min(most, low + window); ++b)
        if (ask(b)) low = b;  // the window continues from there
    for (int b = low - 1; b >= std::max(1, low - window); --b) ask(b);
    return ask.result(low, most);
}

LargestBatch find_largest_from(int known, const std::function<bool(int)>& holds, int most) {
    Asked ask(holds);
    if (known == most || ask(most)) return ask.result(most, most);
    int low = known, high = most + 1;
    while (low < most && high > most) {
        const int next = std::min(most, low * 2);
        if (ask(next)) low = next;
        else high = next;
    }
    return ask.result(low == most ? low : bisect(ask, low, high), most);
}

namespace {

/// Considered batches: measured, or known not to be worth it.
class Best {
public:
    Best(const Measure& measure, const Bound& bound, int most, std::map<int, std::optional<double>>& measured)
        : measure_(measure), bound_(bound), most_(most), measured_(measured) {}

    /// Bounds powers of two until two in a row are below the greatest bound; larger batches are expensive to compile.
    void consider_powers() {
        double greatest = 0;
        int behind = 0;
        for (int b : powers_up_to(most_)) {
            if (behind == kWorseDoublings) return;
            const double bound = consider(b);
            behind = bound > greatest ? 0 : behind + 1;
            greatest = std::max(greatest, bound);
        }
    }

    /// Measures the batch with the greatest bound until no bound exceeds the best measurement.
    int run() {
        while (true) {
            const auto next = std::max_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
                return a.second < b.second || (a.second == b.second && a.first > b.first);
            });
            if (next == open_.end() || (best_ > 0 && next->second <= *measured_[best_])) return best_;
            const int batch = next->first;
            open_.erase(next);
            const auto value = measure_({batch}).front();
            measured_[batch] = value;
            const bool better =
                value && (best_ == 0 || *value > *measured_[best_] || (*value == *measured_[best_] && batch < best_));
            if (!better) continue;
            best_ = batch;
            for (int step = 1; step <= std::max(kNear, batch / 2); step *= 2)
                consider(batch - step), consider(batch + step);
        }
    }

private:
    static constexpr int kNear = 2;

    double consider(int batch) {
        if (batch < 1 || batch > most_ || measured_.count(batch) > 0) return 0;
        const auto known = open_.find(batch);
        if (known != open_.end()) return known->second;
        const auto bound = bound_(batch);
        if (bound) open_[batch] = *bound;
        else measured_[batch] = std::nullopt;
        return bound.value_or(0);
    }

    const Measure& measure_;
    const Bound& bound_;
    int most_, best_ = 0;
    std::map<int, double> open_;
    std::map<int, std::optional<double>>& measured_;
};

}  // namespace

int find_best(const Measure& measure, const Bound& bound, int most, std::map<int, std::optional<double>>& measured) {
    Best best(measure, bound, most, measured);
    best.consider_powers();
    return best.run();
}

}  // namespace infsim::flow
