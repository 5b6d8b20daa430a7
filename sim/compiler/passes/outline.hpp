// A code without its instructions: what placement has to know of it.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/code.hpp"
#include "compiler/passes/lifetimes.hpp"

namespace infsim::compiler {

/// A load with the position of its first instruction.
struct LoadSpan {
    BufferId buffer = kNoBuffer;
    std::int32_t stream = 0, earliest = 0, front = 0;
};

/// Lifetimes and positions count instructions; `loads` are in the order of Code::loads.
struct Outline {
    std::vector<Buffer> buffers;
    std::vector<Lifetime> lives;
    std::vector<LoadSpan> loads;
};

Outline outline_of(const Code& code);

}  // namespace infsim::compiler
