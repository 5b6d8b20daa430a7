// order: the order in which layers run.
#pragma once

#include <cstdint>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// State-buffer bytes per partition that one image of a value takes, counted in halves of the partitions: a value that
/// fits in one half counts half of what it would if it filled all partitions.
std::int64_t half_bytes(const SlotGeometry& slots, const Value& value);

/// Reorders layers between cuts (points where one value is live) for the smallest peak of live bytes at batch
/// `batch`; regions of more than 12 layers keep the model's order. Ties keep the model's order.
void reorder(Network& network, int batch, bool in_place_add);

}  // namespace infsim::compiler
