// How an emission stops early.
#pragma once

#include <cstdint>
#include <variant>

#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// A buffer takes more bytes per partition than the given capacity.
struct BufferTooLarge {};

/// A step or count that an instruction cannot hold.
struct StepTooLong {
    std::int64_t wanted = 0, available = 0;
};

/// Thrown deep inside a layer if it turns out that the plan has no code; only emit() catches it. Checking in advance
/// would mean computing every buffer and every access pattern of a plan twice. At the boundary of the layer, a
/// StepTooLong becomes a refusal with the layer's name.
struct EmissionEnds {
    std::variant<BufferTooLarge, StepTooLong, DoesNotFit> why;
};

}  // namespace infsim::compiler
