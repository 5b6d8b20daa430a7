// "batch": "to_limit": an axis whose values are found while the sweep runs.
#pragma once

#include "explore/expander.hpp"

namespace infsim::explore {

/// What stands in place of values.
bool is_to_limit(const json::Value& value);

/// "batch": "to_limit", in the base or as the values of an axis, becomes the last axis, with "max_batch" for an end.
/// Adds what does not go with it: axes that move together with it, conditions on the batch; and "max_batch" without it.
void settle_batch(Sweep& sweep, const std::optional<json::Cursor>& max_batch, Problems& problems);

/// Whether each cell of the sweep finds its batches itself; the last axis is then the batch.
bool goes_to_limit(const Sweep& sweep);

/// The point at another batch, in a sweep that goes to the limit.
SweepPoint at_batch(SweepPoint point, int batch);

}  // namespace infsim::explore
