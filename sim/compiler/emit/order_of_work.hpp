// The order of work: sections of layers over groups of images, layer by layer inside.
#pragma once

#include <variant>

#include "compiler/emit/emission_ends.hpp"
#include "compiler/emit/layers.hpp"

namespace infsim::compiler {

/// Emits all layers for all images according to the plan. Throws EmissionEnds.
void emit_all(EmitContext& c);

/// Images that `layer` computes before it moves on to the next group.
int image_group(const EmitInput& input, const Plan& plan, LayerId layer);

/// Why the chip cannot run `layer` under this plan: it has a step or count of more than 16 bits.
DoesNotFit step_refusal(const EmitInput& input, LayerId layer, const StepTooLong& step);

/// Performs `work` on a layer; a step that is too long becomes a refusal with the layer's name.
template <class Work>
void naming_layer(const EmitInput& input, LayerId layer, Work&& work) {
    try {
        work();
    } catch (const EmissionEnds& e) {
        if (const auto* step = std::get_if<StepTooLong>(&e.why)) throw EmissionEnds{step_refusal(input, layer, *step)};
        throw;
    }
}

}  // namespace infsim::compiler
