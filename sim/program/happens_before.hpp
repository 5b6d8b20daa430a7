// The order that queues and waits impose, as vector clocks.
#pragma once

#include <cstdint>
#include <vector>

#include "program/operands.hpp"

namespace infsim::program {

/// For every instruction: how many instructions of each queue are certain to have retired when it issues.
/// Memory is instructions x queues x 4 bytes. Waits name existing instructions of lower sequence.
class HappensBefore {
public:
    /// `order`: the serial order of `program`.
    HappensBefore(const Program& program, const std::vector<InstructionId>& order);

    /// Whether `first` has retired when `second` issues.
    bool ordered(InstructionId first, InstructionId second) const { return known(second)[first.queue] > first.index; }

private:
    const std::uint32_t* known(InstructionId id) const {
        return clocks_.data() + (first_[id.queue] + id.index) * queues_;
    }
    std::uint32_t* known(InstructionId id) { return clocks_.data() + (first_[id.queue] + id.index) * queues_; }

    std::size_t queues_ = 0;
    std::vector<std::size_t> first_;     ///< [queue]: row of its first instruction
    std::vector<std::uint32_t> clocks_;  ///< [instruction][queue] at issue
};

}  // namespace infsim::program
