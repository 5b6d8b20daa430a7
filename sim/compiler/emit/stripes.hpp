// The stem and fused sections: layers that stream in stripes of rows, each stripe keeping or computing anew the rows
// that it shares with the one before.
#pragma once

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

/// The layers from a graph input to the first pool, image by image.
void emit_stem(EmitContext& c, ImageSpan images);
/// Layers of a section, of one image, in stripes. What the first of them reads is there already or, if it is a
/// graph input without a place, streams as well.
void emit_stripes(EmitContext& c, ImageId image, const Section& stripes);

/// Rows that the values of a chain of layers (what the first reads, then what each makes) have to have for the rows
/// `last` of the last value. `layers`: the chain from `first` on. `done`: by value, rows from the first one on that are
/// made already, so that what they read is not needed for them; empty: none.
std::vector<RowRange> rows_needed(const Network& network, LayerId first, LayerId end, RowRange last,
                                  const std::vector<int>& done = {});

}  // namespace infsim::compiler
