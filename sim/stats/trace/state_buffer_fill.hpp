// How full the state buffer is over time; occupancy.hpp has it over the serial order.
#pragma once

#include <cstdint>
#include <vector>

#include "program/operands.hpp"
#include "program/program.hpp"
#include "stats/trace/inference.hpp"

namespace infsim::stats {

/// The fill from `at` on, in bytes of the fullest partition.
struct FillStep {
    TimePoint at{};
    std::int64_t bytes = 0;
    std::int64_t weight_bytes = 0;  ///< weights and constants among them
};

/// An allocation of Program::allocations is in use from the issue of the first instruction that touches it until the
/// last one has left its queue. Its successor may already use bytes that are free: bytes of both count once, so that no
/// partition ever holds more than its size.
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

    std::size_t groups_ = 0;                 ///< partitions that no allocation distinguishes
    std::vector<std::int64_t> piece_bytes_;  ///< of the pieces between all begins and ends in a partition
    std::vector<Lifetime> lifetimes_;        ///< of all allocations; those of PSUM stay untouched
};

}  // namespace infsim::stats
