// What placement sees of a code after its evictions, without carrying them out.
#pragma once

#include <vector>

#include "compiler/memory/evictions.hpp"

namespace infsim::compiler {

/// The liveness of the code that apply_evictions() would produce, with each save and each return as one instruction.
/// Lives and loads have the same order as in that code, so both are placed alike, or nearly so: areas of buffers
/// differ.
Liveness evicted_liveness(const Liveness& liveness, const Uses& uses, const std::vector<Eviction>& evictions);

}  // namespace infsim::compiler
