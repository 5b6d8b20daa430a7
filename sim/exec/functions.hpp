// The arithmetic of ACT and POOL on arrays of float or double.
#pragma once

#include <cstdint>

#include "program/instruction.hpp"

namespace infsim::exec {

/// x[i] = function(x[i]), as defined in program/act_function.hpp: computed in double and rounded once to T.
/// NaN propagates through all of them.
template <class T>
void apply(program::ActFunction function, T* x, std::int64_t n);

/// a[i] = a[i] op b[i * b_step]; b_step is 1, or 0 for a scalar. Comparisons and logical operations yield 1
/// or 0; max and min propagate NaN. `none` leaves a unchanged and does not read b.
template <class T>
void apply(program::AluOp op, T* a, const T* b, std::int64_t b_step, std::int64_t n);

}  // namespace infsim::exec
