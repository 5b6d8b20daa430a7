// What the chip tells its observers. Plain data; the chip never counts anything itself.
#pragma once

#include <cstdint>

#include "base/units.hpp"

namespace infsim::observe {

/// Why a queue did not issue: the kind of producer that it waited for, or another reason.
enum class Stall : std::uint8_t {
    wait_pe,
    wait_act,
    wait_pool,
    wait_weights,
    wait_input,
    wait_dma_other,
    wait_output,
    drained
};

/// Identifies an instruction of an inference: core, inference number on that core, queue, index in the queue.
struct InstructionRef {
    std::uint16_t core = 0;
    std::uint16_t queue = 0;
    std::uint32_t index = 0;
    std::uint64_t inference = 0;
};

/// The instruction left its queue at `at`; the queue is occupied until `busy_until`. For a DMA ring, `at` is when it
/// became the oldest of its ring with all waits satisfied, and `busy_until` its retirement.
struct Issued {
    InstructionRef who;
    TimePoint at;
    TimePoint busy_until;
};
/// The queue could not issue this instruction between `from` and `until` because of `why`.
struct Blocked {
    InstructionRef who;
    TimePoint from;
    TimePoint until;
    Stall why;
};
/// The result is available and the queue's counter has advanced.
struct Retired {
    InstructionRef who;
    TimePoint at;
};
/// One DMA instruction's bytes crossed the DRAM channel between `from` and `until`.
struct Transferred {
    InstructionRef who;
    int channel;
    Bytes bytes;
    bool write;
    TimePoint from;
    TimePoint until;
};
/// A host transfer of one inference.
struct HostTransferred {
    std::uint16_t core;
    std::uint64_t inference;
    bool to_device;
    Bytes bytes;
    TimePoint from;
    TimePoint until;
};
enum class InferencePhase : std::uint8_t { submitted, input_ready, first_issue, last_retirement, output_done };
struct InferenceEvent {
    std::uint16_t core;
    std::uint64_t inference;
    InferencePhase phase;
    TimePoint at;
};

}  // namespace infsim::observe
