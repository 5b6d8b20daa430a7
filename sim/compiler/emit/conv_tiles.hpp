// The tiles that a convolution computes, and what its filter taps read of the input.
#pragma once

#include <algorithm>
#include <vector>

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

/// The contents of one PSUM bank: a rectangle of one image, or whole small images side by side.
struct Tile {
    ImageId image;
    int images = 1;
    Rect rect;

    std::int64_t plane() const { return std::int64_t{rect.rows} * rect.cols; }
};

/// The tiles of some rows of some images of a layer's output, in equal shares.
std::vector<Tile> conv_tiles(const EmitContext& c, const Layer& layer, ImageSpan images, RowRange rows);

/// How a filter tap relates to output positions [lo, hi) of one axis.
struct TapAxis {
    int stride, dilation, pad, extent;

    /// Input = output * stride + shift.
    int shift(int tap) const { return tap * dilation - pad; }
    /// The outputs for which the tap reads inside the input.
    RowRange valid(int tap, int lo, int hi) const {
        const int by = shift(tap);
        const int first = by >= 0 ? 0 : (-by + stride - 1) / stride;
        const int end = extent - 1 - by < 0 ? 0 : (extent - 1 - by) / stride + 1;
        return {std::max(first, lo), std::min(end, hi)};
    }
};
}  // namespace infsim::compiler
