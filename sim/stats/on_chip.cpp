#include "stats/on_chip.hpp"

#include "program/operands.hpp"

namespace infsim::stats {

OnChipBytes on_chip_bytes(const program::Program& program) {
    OnChipBytes bytes;
    for (const program::Queue& queue : program.queues)
        for (const program::Instruction& instruction : queue.instructions) {
            const program::Accesses accesses = program::accesses(instruction.op);
            for (const program::OnChipAccess& access : accesses) {
                const int times = access.write && accesses.accumulates ? 2 : 1;
                (access.pattern.space == program::Space::psum ? bytes.psum : bytes.state_buffer) +=
                    times * program::total_bytes(access.pattern);
            }
        }
    return bytes;
}

}  // namespace infsim::stats
