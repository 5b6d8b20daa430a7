// The stem and fused sections: layers that stream in stripes of rows. Each stripe keeps or recomputes the rows that it
// shares with the previous one.
#pragma once

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

/// The layers from a graph input to the first pool, image by image.
void emit_stem(EmitContext& c, ImageSpan images);
/// Layers of a section, for one image, in stripes. The input of the first layer is already there or, if it is a graph
/// input without a place, streams as well.
void emit_stripes(EmitContext& c, ImageId image, const Section& stripes);

/// The rows that the values of a chain of layers (the input of the first, then each output) must have for the rows
/// `last` of the last value. `layers`: the chain from `first` on. `done`: by value, rows from the first one on that
/// already exist, so that their own inputs are not needed; empty: none.
std::vector<RowRange> rows_needed(const Network& network, LayerId first, LayerId end, RowRange last,
                                  const std::vector<int>& done = {});

}  // namespace infsim::compiler
