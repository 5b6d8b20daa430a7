// Whether emission may take this Network.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Everything wrong with `network`, one sentence each ("layer l3 'conv1': reads v7, which nothing has written"), at
/// most `limit` of them; empty if it is valid. `graph` is what it was lowered from.
///
/// The rules: values have a layout or lie in device DRAM. The slots of parts and views exist. Views stay inside the
/// layout of their value and contain every element once. Everything is written once and before it is read. Graph inputs
/// and outputs are complete. The operands, weights and constants of every operation fit each other. Each layer of the
/// stem is the only reader of the one before.
std::vector<std::string> verify(const Network& network, const graph::Graph& graph, std::size_t limit = 100);

}  // namespace infsim::compiler
