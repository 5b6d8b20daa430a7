// A Program as the chip's queues run it: each instruction reduced to its waits, times and transfer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/walk.hpp"
#include "cost/cost.hpp"
#include "hw/spec.hpp"
#include "observe/events.hpp"
#include "program/program.hpp"

namespace infsim::chip {

/// What a DMA instruction moves. `address` counts from the start of the core's region.
struct StepTransfer {
    Bytes bytes, billed;
    std::int64_t address = 0;
    std::uint8_t region = 0;
    bool touches_dram = false;
    bool writes_dram = false;
    DramWalk walk;  ///< if it touches DRAM
};

struct StepCost {
    Duration occupancy{}, latency{};
};

/// Small, because every inference of every core reads all of them; there are few different costs.
struct Step {
    std::uint32_t what = 0;        ///< index into StepQueue::transfers if it moves something, else into costs
    std::uint32_t first_wait = 0;  ///< index into StepQueue::waits
    std::uint8_t wait_count = 0;
    observe::Stall blames{};  ///< stall reason of those that wait for this instruction
    bool moves = false;
    bool takes_port = false;  ///< PSUM's port, see psum_port.hpp
};

struct StepQueue {
    program::Engine engine = program::Engine::pe;
    int engine_index = 0, ring = 0;
    std::vector<Step> steps;
    std::vector<program::Wait> waits;
    std::vector<StepCost> costs;  ///< of PE, ACT and POOL instructions and Sync
    std::vector<StepTransfer> transfers;

    program::Wait wait(const Step& step, int w) const { return waits[step.first_wait + static_cast<std::uint32_t>(w)]; }
    const StepCost& cost(const Step& step) const { return costs[step.what]; }
    const StepTransfer& transfer(const Step& step) const { return transfers[step.what]; }
};

/// One host transfer per input or output segment.
struct HostPiece {
    std::uint32_t segment = 0;
    std::uint8_t region = 0;
    std::int64_t address = 0;
    Bytes bytes;
};

struct StepProgram {
    std::vector<StepQueue> queues;
    std::vector<HostPiece> inputs, outputs;
};

/// Throws InternalError when an instruction is in a queue of another engine, or a queue, ring, wait or
/// segment does not exist: the Program is malformed.
StepProgram make_steps(const hw::ChipSpec& spec, const program::Program& program);

/// "queue 3 (dma engine 1 ring 0)".
std::string queue_name(const StepProgram& program, std::size_t queue);

}  // namespace infsim::chip
