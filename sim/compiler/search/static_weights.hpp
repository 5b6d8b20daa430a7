// Which weights stay on the chip from inference to inference (place.static_weights).
#pragma once

#include <optional>
#include <vector>

#include "compiler/search/search.hpp"

namespace infsim::compiler {

/// The decision with static weights whose Program has the shortest estimate, if it is not longer than without them; of
/// equals the one that keeps most. Layers keep their weights in the order of their multiply-accumulates per byte, the
/// fewest first: those wait for DRAM most. `plain` is a decision without static weights; one with evictions has no
/// space for them. Every Program that was built is noted in `attempts`.
std::optional<Decision> with_static_weights(const SearchInput& input, const Decision& plain, const BuildProgram& build,
                                            std::vector<Attempt>& attempts);

}  // namespace infsim::compiler
