#include "stats/trace/dram_rate.hpp"

#include <algorithm>

namespace infsim::stats {

namespace {

/// Whole bytes per second, so that sums return to exactly 0.
std::int64_t rate_of(std::int64_t bytes, Duration time) {
    return static_cast<std::int64_t>((static_cast<Int128>(bytes) * 1'000'000'000'000 + time.count() / 2) /
                                     time.count());
}

}  // namespace

std::vector<RateStep> dram_rate(const ProgramIndex& index, const InferenceTimes& times) {
    std::vector<RateStep> changes;
    for (std::size_t q = 0; q < times.queues.size(); ++q) {
        const QueueTimes& queue = times.queues[q];
        for (std::size_t i = 0; i < queue.transfers.size(); ++i) {
            const TransferTimes& t = queue.transfers[i];
            if (t.until <= t.from) continue;
            const std::int64_t rate = rate_of(index.queue(q)[i].dram_bytes, t.until - t.from);
            changes.push_back({t.from, rate});
            changes.push_back({t.until, -rate});
        }
    }
    std::sort(changes.begin(), changes.end(), [](const RateStep& a, const RateStep& b) { return a.at < b.at; });
    std::vector<RateStep> steps;
    std::int64_t rate = 0;
    for (const RateStep& change : changes) {
        rate += change.bytes_per_second;
        if (!steps.empty() && steps.back().at == change.at) steps.back().bytes_per_second = rate;
        else steps.push_back({change.at, rate});
    }
    return steps;
}

}  // namespace infsim::stats
