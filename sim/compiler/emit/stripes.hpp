// The stem and fused sections: layers that run in stripes of rows. Each stripe keeps or recomputes the rows that it
// shares with the previous one.
#pragma once

#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

/// The layers from a graph input to the first pool, image by image.
void emit_stem(EmitContext& c, ImageSpan images);
/// Layers of a fused section, image by image, in stripes of rows. What they read from elsewhere is already there, or
/// a graph input that arrives as a whole.
void emit_fused(EmitContext& c, ImageSpan images, const Section& section);

}  // namespace infsim::compiler
