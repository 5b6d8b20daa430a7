// Checks whether a chip may run a Program, as far as possible without running it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/operands.hpp"

namespace infsim::program {

enum class FindingKind : std::uint8_t {
    target,            ///< the Target itself, or batch, layers
    segment,           ///< a segment exceeds its region or overlaps another, or its recipe exceeds it
    queue,             ///< too many queues, two for one engine, engine or ring that does not exist
    engine,            ///< an instruction in a queue of another engine
    operand,           ///< wrong memory, type or element count of an operand, or mismatched operands
    bounds,            ///< an operand exceeds memory, PSUM bank, array or segment
    stationary,        ///< a matmul without a stationary operand, or with one of different rows or columns
    wait,              ///< a wait for a queue or count that does not exist
    deadlock,          ///< queues that wait for each other
    order,             ///< `sequence` is not a serial order of queues and waits
    allocation,        ///< allocations that exceed their memory or overlap while both are alive
    not_allocated,     ///< an access outside every allocation alive at its sequence
    unwritten_read,    ///< bytes read before anything writes them
    read_only,         ///< a store to a segment of weights, constants or inputs
    unwritten_output,  ///< bytes of an output segment that nothing writes
};

const char* finding_name(FindingKind kind);

/// One thing that is wrong. `queue` is kNoQueue if it concerns no instruction.
struct Finding {
    FindingKind kind = FindingKind::target;
    std::uint8_t queue = kNoQueue;
    std::uint32_t index = 0;
    std::string text;
};

/// "operand: q0[17] matmul (layer 'conv1'): ...".
std::string to_text(const Program& program, const Finding& finding);

/// Everything wrong with `program`, at most `max_findings`; empty for a good one. Ownership and
/// read-before-write follow the sequence order; an allocation's bytes count as unwritten when it begins. Both
/// are checked only if all operands are in bounds. The race check (races.hpp) finds races of unordered
/// queues. Linear in instructions and the bytes of one partition that they touch.
std::vector<Finding> verify(const Program& program, std::size_t max_findings = 100);

}  // namespace infsim::program
