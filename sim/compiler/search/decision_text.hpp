// Decisions as text.
#pragma once

#include <iosfwd>

#include "compiler/search/fit.hpp"

namespace infsim::compiler {

/// The plan, then each eviction ("evict b7 between 120 and 431 saved, reloaded"), the address of every buffer, and in
/// the order of use the instruction in front of which each load starts. Evictions name buffers and instructions of the
/// plan's code; addresses and loads are those of the code once the evictions are carried out, in which every save and
/// every return counts as one instruction.
void write_text(const Decision& decision, std::ostream& out);

}  // namespace infsim::compiler
