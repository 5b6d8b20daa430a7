// drop_unread: layers whose result nobody reads.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Removes every layer whose value is read neither by an output nor by a remaining layer, and so also what only such
/// layers read. Values keep their ids. Runs before the stem is chosen.
void drop_unread(Network& network);

}  // namespace infsim::compiler
