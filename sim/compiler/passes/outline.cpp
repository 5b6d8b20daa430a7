#include "compiler/passes/outline.hpp"

namespace infsim::compiler {

Outline outline_of(const Code& code) {
    Outline outline{code.buffers, lifetimes_of(code), {}};
    for (const Load& load : code.loads) outline.loads.push_back({load.buffer, load.stream, load.earliest, -1});
    for (std::size_t i = 0; i < code.instructions.size(); ++i) {
        const std::int32_t load = code.instructions[i].load;
        if (load < 0) continue;
        std::int32_t& front = outline.loads[static_cast<std::size_t>(load)].front;
        if (front < 0) front = static_cast<std::int32_t>(i);
    }
    return outline;
}

}  // namespace infsim::compiler
