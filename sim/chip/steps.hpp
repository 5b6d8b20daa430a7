// A Program as the chip's queues run it: every instruction reduced to its waits, its times and its transfer.
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
    DramWalk walk;  ///< of a transfer that touches DRAM
};

struct Step {
    Duration occupancy{}, latency{};  ///< of PE, ACT and POOL instructions and Sync
    std::int32_t transfer = -1;       ///< index into StepQueue::transfers
    observe::Stall blames{};          ///< what somebody who waits for this instruction waits for
    std::uint8_t wait_count = 0;
    program::Waits waits;
};

struct StepQueue {
    program::Engine engine = program::Engine::pe;
    int engine_index = 0, ring = 0;
    std::vector<Step> steps;
    std::vector<StepTransfer> transfers;
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

/// Throws InternalError when an instruction sits in a queue of another engine, or a queue, ring, wait or
/// segment does not exist: whoever made the Program was wrong.
StepProgram make_steps(const hw::ChipSpec& spec, const program::Program& program);

/// "queue 3 (dma engine 1 ring 0)".
std::string queue_name(const StepProgram& program, std::size_t queue);

}  // namespace infsim::chip
