// How full the state buffer is over time, where occupancy.hpp says it over the serial order.
#pragma once

#include <cstdint>
#include <vector>

#include "program/operands.hpp"
#include "program/program.hpp"
#include "stats/trace/inference.hpp"

namespace infsim::stats {

/// From `at` on, in bytes of the partition that is fullest then.
struct FillStep {
    TimePoint at{};
    std::int64_t bytes = 0;
    std::int64_t weight_bytes = 0;  ///< of them: weights and constants
};

/// An allocation of Program::allocations is in use from the issue of the first instruction that touches it until the
/// last that does has left its queue. Its successor may be under way in the bytes that are free already: bytes of both
/// count once, so that no partition ever holds more than it has.
class StateBufferFill {
public:
    explicit StateBufferFill(const program::Program& program);
    /// Ends with 0.
    std::vector<FillStep> steps(const InferenceTimes& times) const;

private:
    struct Touched {
        std::uint8_t queue = 0;
        std::uint32_t first = 0, last = 0;  ///< instructions of that queue
    };
    struct Lifetime {
        std::size_t first_group = 0, end_group = 0;  ///< of partitions
        std::size_t first_piece = 0, end_piece = 0;  ///< of bytes
        bool weights = false;
        std::vector<Touched> by;

        void touch(program::InstructionId who);
    };

    void find_users(const program::Program& program);

    std::size_t groups_ = 0;                 ///< partitions that no allocation tells apart
    std::vector<std::int64_t> piece_bytes_;  ///< of the pieces that all beginnings and ends cut a partition into
    std::vector<Lifetime> lifetimes_;        ///< of all allocations; those of PSUM are touched by nobody
};

}  // namespace infsim::stats
