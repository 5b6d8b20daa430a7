#include "analysis/batch.hpp"

#include <algorithm>

namespace infsim::analysis {

namespace {

using record::RunRecord;
using record::Status;

bool comparable(const RunRecord& r) {
    return record::has_results(r) && r.throughput_avg && record::typical_latency_ms(r).value_or(0) > 0 && r.batch_size;
}

double throughput_per_latency(const RunRecord& r) { return *r.throughput_avg / *record::typical_latency_ms(r); }

constexpr double kStillGains = 1.05;

/// The comparable records by ascending batch; of equal batches the first.
std::vector<std::size_t> by_batch(const Records& records) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (comparable(records[i])) order.push_back(i);
    const auto batch = [&](std::size_t i) { return *records[i].batch_size; };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return batch(a) < batch(b); });
    const auto same = [&](std::size_t a, std::size_t b) { return batch(a) == batch(b); };
    order.erase(std::unique(order.begin(), order.end(), same), order.end());
    return order;
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

std::optional<std::size_t> knee(const Records& records) { return best(records, throughput_per_latency); }

std::vector<std::size_t> knee_rivals(const Records& records) {
    const auto top = knee(records);
    if (!top) return {};
    const auto bound = [](const RunRecord& r, double sign) {
        const double half = r.throughput_high ? *r.throughput_high / *r.throughput_avg - 1 : 0;
        return throughput_per_latency(r) * (1 + sign * 2 * half);
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

bool b95_reached(const Records& records) {
    const auto order = by_batch(records);
    if (order.size() < 2) return true;
    const RunRecord& last = records[order.back()];
    double before = 0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) before = std::max(before, *records[order[i]].throughput_avg);
    if (*last.throughput_avg <= kStillGains * before) return true;
    return std::any_of(records.begin(), records.end(), [&](const RunRecord& r) {
        return r.status == Status::infeasible && r.batch_size == *last.batch_size + 1;
    });
}

std::optional<std::size_t> kneedle(const Records& records) {
    const auto order = by_batch(records);
    if (order.size() < 3) return std::nullopt;
    const auto batch = [&](std::size_t i) { return static_cast<double>(*records[order[i]].batch_size); };
    const auto rate = [&](std::size_t i) { return *records[order[i]].throughput_avg; };
    double low = rate(0), high = rate(0);
    for (std::size_t i = 0; i < order.size(); ++i) low = std::min(low, rate(i)), high = std::max(high, rate(i));
    const double width = batch(order.size() - 1) - batch(0);
    if (high == low || width == 0) return std::nullopt;
    const auto distance = [&](std::size_t i) { return (rate(i) - low) / (high - low) - (batch(i) - batch(0)) / width; };
    // The mean step of the scaled batches is one over their number.
    const double step = 1 / static_cast<double>(order.size() - 1);
    std::optional<std::size_t> peak;
    for (std::size_t i = 1; i < order.size(); ++i) {
        const bool last = i + 1 == order.size();
        if (!last && distance(i) > distance(i - 1) && distance(i) >= distance(i + 1)) peak = i;
        else if (peak && distance(i) < distance(*peak) - step) return order[*peak];
    }
    return std::nullopt;
}

std::optional<LargestBatch> largest_batch(const Records& records) {
    const auto batch = [&](std::size_t i) { return records[i].batch_size.value_or(0); };
    std::optional<std::size_t> top;
    for (std::size_t i = 0; i < records.size(); ++i)
        if (record::has_results(records[i]) && (!top || batch(i) > batch(*top))) top = i;
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
