// How an emission ends before its end.
#pragma once

#include <cstdint>
#include <variant>

#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// A buffer takes more bytes per partition than the capacity that was asked for.
struct BufferTooLarge {};

/// A step or count that the instruction set cannot hold.
struct StepTooLong {
    std::int64_t wanted = 0, available = 0;
};

/// Thrown deep inside of a layer, where it turns out that the plan has no code; emit() alone catches it. To ask
/// beforehand would mean to compute every buffer and every access pattern of a plan twice. A StepTooLong becomes a
/// refusal with the layer's name at the border of the layer.
struct EmissionEnds {
    std::variant<BufferTooLarge, StepTooLong, DoesNotFit> why;
};

}  // namespace infsim::compiler
