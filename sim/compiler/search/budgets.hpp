// The bounds on live bytes for which evictions are chosen.
#pragma once

#include <cstdint>
#include <vector>

namespace infsim::compiler {

/// The budgets of the ladder up to `capacity`, largest first: 4, 5, 6 and 7 times a power of two, over three octaves.
std::vector<std::int64_t> budget_ladder(std::int64_t capacity);

/// The whole capacity, and budgets between the rungs of the upper octave, largest first.
std::vector<std::int64_t> budgets_between(std::int64_t capacity);

/// The rungs that are powers of two.
std::vector<std::int64_t> budget_octaves(std::int64_t capacity);

}  // namespace infsim::compiler
