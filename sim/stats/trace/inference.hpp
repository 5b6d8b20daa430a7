// The times of one inference that a timeline shows.
#pragma once

#include <cstdint>
#include <vector>

#include "observe/events.hpp"
#include "program/program.hpp"

namespace infsim::stats {

/// Times of one instruction. From the previous instruction's `free` to `issued` the queue waited, because of `why`.
struct InstructionTimes {
    TimePoint issued{}, free{};  ///< the queue is occupied in between
    TimePoint retired{};
    observe::Stall why{};
};
struct TransferTimes {
    TimePoint from{}, until{};  ///< on the DRAM channel; equal if it does not cross one
};
struct QueueTimes {
    std::vector<InstructionTimes> instructions;
    std::vector<TransferTimes> transfers;  ///< of a DMA ring, by instruction; empty otherwise
};
struct HostTransferTimes {
    bool to_device = false;
    std::int64_t bytes = 0;
    TimePoint from{}, until{};
};

struct InferenceTimes {
    int core = 0;
    std::uint64_t number = 0;  ///< on its core, from 0
    TimePoint input_ready{}, first_issue{}, last_retirement{};
    std::vector<QueueTimes> queues;  ///< in the program's order
    std::vector<HostTransferTimes> host;
};

/// Memory that the times of one inference take.
std::int64_t times_bytes(const program::Program& program);

}  // namespace infsim::stats
