// "batch": "to_limit": which batches of a cell to try next.
#pragma once

#include <vector>

#include "analysis/batch.hpp"

namespace infsim::explore {

constexpr int kDefaultMaxBatch = 64;

/// The batches from 1 to `most` to run next, given the results of the others; empty when all is known. First every
/// power of two and `most`; then the batches that find the largest one that fits, including islands up to two above it
/// (flow/limits/limit_search.hpp); last the gaps around the knee, halved until they are small and then filled, so that
/// in the end the next two integers on both sides are known. Depends only on the records, not on their order.
std::vector<int> next_batches(const analysis::Records& known, int most);

}  // namespace infsim::explore
