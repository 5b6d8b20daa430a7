#include "flow/limit_search.hpp"

#include <algorithm>

namespace infsim::flow {

namespace {

/// Asks once per batch.
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

/// `low` holds (or is 0) and `high` does not: a batch that holds and whose next does not.
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
        if (ask(b)) low = b;  // the window goes on from there
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

int find_best(const Measure& measure, int most, int window, std::map<int, std::optional<double>>& measured) {
    int best = 0;
    const auto look_at = [&](std::vector<int> batches) {
        const auto known = [&](int b) { return b < 1 || b > most || measured.count(b) > 0; };
        batches.erase(std::remove_if(batches.begin(), batches.end(), known), batches.end());
        std::sort(batches.begin(), batches.end());
        batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
        if (!batches.empty()) {
            const auto values = measure(batches);
            for (std::size_t i = 0; i < batches.size(); ++i) measured[batches[i]] = values[i];
        }
        best = 0;
        for (const auto& [b, value] : measured)
            if (value && (best == 0 || *value > *measured[best])) best = b;
    };
    int behind = 0;
    for (int b : powers_up_to(most)) {
        if (behind == kWorseDoublings) break;
        look_at({b});
        behind = b == best ? 0 : behind + 1;
    }
    if (best == 0) return 0;
    int step = 1;
    while (step * 2 < std::max(best, 2)) step *= 2;
    for (; step >= 1; step /= 2) look_at({best - step, best + step});
    for (int before = 0; before != best;) {
        before = best;
        std::vector<int> around;
        for (int d = 1; d <= window; ++d) around.insert(around.end(), {best - d, best + d});
        look_at(around);
    }
    return best;
}

}  // namespace infsim::flow
