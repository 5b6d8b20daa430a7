// "batch": "to_limit": an axis whose values are found while the sweep runs.
#pragma once

#include "explore/expander.hpp"

namespace infsim::explore {

/// The word that stands for the values.
bool is_to_limit(const json::Value& value);

/// "batch": "to_limit", in the base or as the values of an axis, becomes the last axis, bounded by "max_batch". Adds
/// problems for conflicts: axes zipped with it, conditions on the batch, and "max_batch" without it.
void settle_batch(Sweep& sweep, const std::optional<json::Cursor>& max_batch, Problems& problems);

/// Whether each cell of the sweep finds its own batches; the last axis is then the batch.
bool goes_to_limit(const Sweep& sweep);

/// The point at another batch, in a sweep that goes to the limit.
SweepPoint at_batch(SweepPoint point, int batch);

}  // namespace infsim::explore
