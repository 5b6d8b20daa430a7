// "batch": "to_limit": which batches of a cell to try next.
#pragma once

#include <vector>

#include "analysis/batch.hpp"

namespace infsim::explore {

constexpr int kDefaultMaxBatch = 64;

/// The batches from 1 to `most` to run next, given what came of the others; empty when all is known. First every power
/// of two and `most`; then what finds the largest batch that fits, islands within two above it included
/// (flow/limits/limit_search.hpp); last the gaps around the knee, halved until they are small and then filled, so that
/// in the end the two next integers on both sides of it are known. Depends on nothing but the records, in whatever
/// order.
std::vector<int> next_batches(const analysis::Records& known, int most);

}  // namespace infsim::explore
