// Analysis of records over the batch size: which batch is worth running, which is the largest that fits.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "record/record.hpp"

namespace infsim::analysis {

using Records = std::vector<record::RunRecord>;

/// Index of the record with the most throughput per latency (p50, or the mean of an estimate), the smaller batch on a
/// tie; empty when no record has results. Records may come in any order.
std::optional<std::size_t> knee(const Records& records);

/// The other batches that may be the knee within the intervals of throughput, in the order of the records. In a closed
/// loop latency is proportional to the inverse of throughput, so the ratio has twice the relative error of throughput.
std::vector<std::size_t> knee_rivals(const Records& records);

/// Index of the smallest batch whose throughput is within 5 % of the best.
std::optional<std::size_t> b95(const Records& records);

/// Whether the records reach far enough for a meaningful b95: the largest batch is not more than 5 % better than every
/// smaller one, or the next one up is known not to fit. True for a single batch, which decides nothing.
bool b95_reached(const Records& records);

/// Kneedle's knee of throughput over batch ("Finding a Kneedle in a Haystack", 2011; offline, sensitivity 1): scaled to
/// the unit square, the first peak of throughput minus batch after which the difference falls by more than the mean
/// step. It depends on the range of the batches; for comparison.
std::optional<std::size_t> kneedle(const Records& records);

/// Index of the record with the best throughput, the smaller batch on a tie.
std::optional<std::size_t> best_throughput(const Records& records);

/// The largest batch that fits, within the records.
struct LargestBatch {
    std::size_t index = 0;                    ///< of its record
    std::vector<std::int64_t> holes;          ///< smaller batches that do not fit, ascending
    std::optional<std::size_t> first_beyond;  ///< the next larger infeasible record: why not one more
};
std::optional<LargestBatch> largest_batch(const Records& records);

}  // namespace infsim::analysis
