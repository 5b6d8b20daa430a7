// When everything of one inference happened, as far as a timeline shows it.
#pragma once

#include <cstdint>
#include <vector>

#include "observe/events.hpp"
#include "program/program.hpp"

namespace infsim::stats {

/// Times of one instruction. What its queue did since the instruction before it was free is waiting, for `why`.
struct InstructionTimes {
    TimePoint issued{}, free{};  ///< the queue is taken in between
    TimePoint retired{};
    observe::Stall why{};
};
struct TransferTimes {
    TimePoint from{}, until{};  ///< on the DRAM channel; equal for what does not cross it
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
    std::vector<QueueTimes> queues;  ///< as the program has them
    std::vector<HostTransferTimes> host;
};

/// Memory that the times of one inference take.
std::int64_t times_bytes(const program::Program& program);

}  // namespace infsim::stats
