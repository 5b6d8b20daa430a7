// Convolutions and transposed ones over one or two spatial axes, as over two.
#pragma once

#include <cstddef>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// Shapes [.., rows, columns] and, for both axes, strides, dilations and pads (begins, then ends).
struct ConvGeometry {
    graph::Shape weights, image, out, strides, dilations, pads;
    std::ptrdiff_t unit_axis = 0;  ///< of an image that has one axis: the other one's position in `out`
};

/// Of a node whose weights have one spatial axis or two. An image of one axis has one row, with `column` one column.
ConvGeometry conv_geometry(const Lowering& low, const graph::Node& node, bool column);

}  // namespace infsim::compiler
