// drop_unread: layers whose result nobody reads.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Leaves out every layer that writes a value of which neither an output nor a layer that stays reads anything, and so
/// also what only such layers read. Values keep their ids. Runs before the
/// stem is chosen.
void drop_unread(Network& network);

}  // namespace infsim::compiler
