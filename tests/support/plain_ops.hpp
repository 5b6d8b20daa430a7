// The instructions of a queue with the prices and names that PlainLoop needs. On its own path from a Program, so that a
// mistake of the chip's (chip/steps) is not repeated.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "chip/walk.hpp"
#include "cost/cost.hpp"
#include "hw/spec.hpp"
#include "observe/events.hpp"
#include "program/operands.hpp"

namespace infsim::test {

struct PlainOp {
    Duration occupancy{}, latency{};
    cost::DmaDemand demand;
    int channel_region = 0;
    std::int64_t address = 0;
    chip::DramWalk walk;
    bool dma = false, dram = false, takes_port = false;
    observe::Stall blame{};
    program::Waits waits;
    int wait_count = 0;
};

/// What a DMA instruction moves, where, and what somebody who waits for it waits for.
inline void set_transfer(const hw::ChipSpec& spec, const program::Program& program,
                         const program::Instruction& instruction, PlainOp& op) {
    op.dma = true;
    op.demand = cost::dma_demand(spec, instruction);
    op.blame = observe::Stall::wait_dma_other;
    const auto access = program::accesses(instruction.op).dram;
    if (!access) return;
    const auto& segment = program.segments[access->pattern.segment];
    op.dram = true;
    op.channel_region = segment.region;
    op.address = segment.address + access->pattern.offset;
    op.walk = chip::walk_of(instruction);
    if (segment.purpose == program::Purpose::weights || segment.purpose == program::Purpose::constants)
        op.blame = observe::Stall::wait_weights;
    if (segment.purpose == program::Purpose::input) op.blame = observe::Stall::wait_input;
    if (segment.purpose == program::Purpose::output) op.blame = observe::Stall::wait_output;
}

inline std::vector<PlainOp> plain_ops(const hw::ChipSpec& spec, const program::Program& program,
                                      const program::Queue& source) {
    std::vector<PlainOp> ops;
    bool behind_matmul = false;
    for (const auto& instruction : source.instructions) {
        PlainOp op;
        op.waits = instruction.waits;
        op.wait_count = op.waits.size();
        op.blame = source.engine == program::Engine::dma
                       ? observe::Stall::wait_dma_other
                       : static_cast<observe::Stall>(source.engine);  // pe, act, pool in the order of both
        if (cost::is_dma(instruction)) {
            set_transfer(spec, program, instruction, op);
        } else {
            const auto cost = cost::engine_cost(spec, instruction, behind_matmul);
            op.occupancy = cost.occupancy;
            op.latency = cost.latency;
            op.takes_port = cost::takes_psum_port(spec, instruction);
        }
        behind_matmul = std::holds_alternative<program::Matmul>(instruction.op);
        ops.push_back(op);
    }
    return ops;
}

}  // namespace infsim::test
