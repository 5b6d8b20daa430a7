// What a plan decides about every value: how its images share buffers and partitions, before any of them has a place.
#pragma once

#include "compiler/emit/input.hpp"
#include "compiler/ir/plan.hpp"

namespace infsim::compiler {

struct ValueFacts {
    /// Images of a one-slot value alternate between the two halves of the partitions.
    bool pairable = false;
    /// Several images lie side by side in one buffer, see `array_images`.
    bool small = false;
    /// Only layers without weights touch it, image by image.
    bool passing = false;
    /// Only windows of its rows exist, see FusedLayers.
    bool streams = false;
    int array_images = 1;  ///< images of a small value in one buffer
    int band_rows = 0;     ///< rows of a band; 0: an image is one buffer
    LayerId last_reader;   ///< one past the last layer if the host reads it
};

IdVector<ValueId, ValueFacts> value_facts(const EmitInput& input, const Plan& plan);

}  // namespace infsim::compiler
