// Treats convolutions and transposed convolutions over one or two spatial axes as two-dimensional.
#pragma once

#include <cstddef>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// Shapes [.., rows, columns] and, for both axes, strides, dilations and pads (begins, then ends).
struct ConvGeometry {
    graph::Shape weights, image, out, strides, dilations, pads;
    std::ptrdiff_t unit_axis = 0;  ///< for an image with one axis: position of the other one in `out`
};

/// For a node whose weights have one or two spatial axes. An image of one axis has one row, or one column with
/// `column`.
ConvGeometry conv_geometry(const Lowering& low, const graph::Node& node, bool column);

}  // namespace infsim::compiler
