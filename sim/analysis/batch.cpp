#include "analysis/batch.hpp"

#include <algorithm>

namespace infsim::analysis {

namespace {

using record::RunRecord;
using record::Status;

bool comparable(const RunRecord& r) {
    return r.status == Status::ok && r.throughput_avg && r.latency_ms_p50 && *r.latency_ms_p50 > 0 && r.batch_size;
}

/// The record with the highest score, the smaller batch on a tie.
template <class Score>
std::optional<std::size_t> best(const Records& records, Score score) {
    std::optional<std::size_t> winner;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (!comparable(records[i])) continue;
        if (!winner) {
            winner = i;
            continue;
        }
        const double mine = score(records[i]), theirs = score(records[*winner]);
        if (mine > theirs || (mine == theirs && *records[i].batch_size < *records[*winner].batch_size)) winner = i;
    }
    return winner;
}

}  // namespace

std::optional<std::size_t> knee(const Records& records) {
    return best(records, [](const RunRecord& r) { return *r.throughput_avg / *r.latency_ms_p50; });
}

std::vector<std::size_t> knee_rivals(const Records& records) {
    const auto top = knee(records);
    if (!top) return {};
    const auto bound = [](const RunRecord& r, double sign) {
        const double half = r.throughput_high ? *r.throughput_high / *r.throughput_avg - 1 : 0;
        return *r.throughput_avg / *r.latency_ms_p50 * (1 + sign * 2 * half);
    };
    std::vector<std::size_t> rivals;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (i != *top && comparable(records[i]) && bound(records[i], 1) >= bound(records[*top], -1))
            rivals.push_back(i);
    return rivals;
}

std::optional<std::size_t> best_throughput(const Records& records) {
    return best(records, [](const RunRecord& r) { return *r.throughput_avg; });
}

std::optional<std::size_t> b95(const Records& records) {
    const auto top = best_throughput(records);
    if (!top) return std::nullopt;
    const double enough = 0.95 * *records[*top].throughput_avg;
    std::optional<std::size_t> smallest;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (!comparable(records[i]) || *records[i].throughput_avg < enough) continue;
        if (!smallest || *records[i].batch_size < *records[*smallest].batch_size) smallest = i;
    }
    return smallest;
}

std::optional<LargestBatch> largest_batch(const Records& records) {
    const auto batch = [&](std::size_t i) { return records[i].batch_size.value_or(0); };
    std::optional<std::size_t> top;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (records[i].status == Status::ok && (!top || batch(i) > batch(*top))) top = i;
    if (!top) return std::nullopt;
    LargestBatch result{*top, {}, std::nullopt};
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i].status != Status::infeasible) continue;
        if (batch(i) < batch(*top)) result.holes.push_back(batch(i));
        else if (batch(i) > batch(*top) && (!result.first_beyond || batch(i) < batch(*result.first_beyond)))
            result.first_beyond = i;
    }
    std::sort(result.holes.begin(), result.holes.end());
    return result;
}

}  // namespace infsim::analysis
