// Is this Network one that emission may carry out?
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Everything wrong with `network`, a sentence each ("layer l3 'conv1': reads v7, which nothing has written"), at most
/// `limit` of them; empty for a good one. `graph` is what it was lowered from.
///
/// Held are: values have a layout or lie in device DRAM; the slots of parts and views exist; views stay inside the
/// layout of their value and give every element once; everything is written once and before it is read; graph inputs
/// and outputs are all there; the operands of every operation fit each other, their weights and the constants; layers
/// of the stem read each the one before, alone.
std::vector<std::string> verify(const Network& network, const graph::Graph& graph, std::size_t limit = 100);

}  // namespace infsim::compiler
