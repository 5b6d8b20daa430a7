// Constant operands laid out in device DRAM in the order of the chip: one run per partition instead of one per element.
#pragma once

#include <optional>
#include <vector>

#include "compiler/emit/transfer_walk.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// The walk over the packed copy, and the recipe for the copy.
struct PackedConstant {
    TransferWalk walk;
    std::vector<program::RecipeBox> recipe;
    std::int64_t elements = 0;
};
/// Packs what `walk` reads of a constant whose elements take `element` bytes on the chip: of a tensor, or of the
/// numbers `literal`. Empty if a partition reads it in one run anyway, or if a recipe has too few dimensions.
std::optional<PackedConstant> packed(const TransferWalk& walk, int element,
                                     const std::vector<float>* literal = nullptr);

}  // namespace infsim::compiler
