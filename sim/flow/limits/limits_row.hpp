// Limits as a row of a table.
#pragma once

#include "flow/limits/limits.hpp"
#include "flow/point/point.hpp"
#include "record/limits_record.hpp"

namespace infsim::flow {

/// The part of the row that is known before the run; status is `failed`. `point`: the network at any batch.
record::LimitsRecord limits_record_of(const Point& point, int max_batch);

/// Adds the results: status ok, or infeasible if no batch fits.
void fill_limits(record::LimitsRecord& row, const Limits& limits);

}  // namespace infsim::flow
