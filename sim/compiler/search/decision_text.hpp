// Decisions as text.
#pragma once

#include <iosfwd>

#include "compiler/search/fit.hpp"

namespace infsim::compiler {

/// The plan, then each eviction ("evict b7 between 120 and 431 saved, reloaded"), the address of every buffer, and for
/// each load, in order of use, the instruction before which it starts. Evictions name buffers and instructions of the
/// plan's code; addresses and loads are those of the code after the evictions are carried out, in which each save and
/// each return counts as one instruction.
void write_text(const Decision& decision, std::ostream& out);

}  // namespace infsim::compiler
