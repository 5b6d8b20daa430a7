// batch + tile: the nesting of the loops over images and weight slabs, from the fastest to the most frugal plan.
#pragma once

#include <vector>

#include "base/dtype.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/options.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// Plans to try in turn; the first that fits wins.
std::vector<Plan> plans(const Network& network, const program::Target& target, int batch, DType dtype,
                        const CompileOptions& options);

/// The most frugal plan of all, for spilling within `budget` bytes per partition: images in bands of rows, so that no
/// tensor has to be whole on chip.
Plan banded_plan(const Network& network, const program::Target& target, DType dtype, const CompileOptions& options,
                 std::int64_t budget);

/// The plan whose weights arrive in parts that suit the budget, for layers whose weights of 64 outputs alone are too
/// large; optionally with its images in bands.
Plan parted_plan(const Network& net, const program::Target& target, int batch, DType dtype,
                 const CompileOptions& options, std::int64_t budget, bool bands);

}  // namespace infsim::compiler
