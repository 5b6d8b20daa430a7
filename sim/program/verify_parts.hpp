// The parts of the verifier; private to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "program/verify.hpp"

namespace infsim::program {

/// Collects findings up to a limit: one compiler bug can easily cause a hundred thousand.
class Findings {
public:
    explicit Findings(std::size_t limit) : limit_(limit) {}
    void add(FindingKind kind, std::string text) { add(kind, {kNoQueue, 0}, std::move(text)); }
    void add(FindingKind kind, InstructionId id, std::string text) {
        if (full()) return;
        list_.push_back({kind, id.queue, id.index, std::move(text)});
    }
    bool full() const { return list_.size() >= limit_; }
    bool empty() const { return list_.empty(); }
    std::vector<Finding> take() { return std::move(list_); }

private:
    std::size_t limit_;
    std::vector<Finding> list_;
};

/// Target, segments, recipes, queues, layer and image numbers.
void verify_frame(const Program& program, Findings& findings);
/// Engine, memories, types, shapes and bounds of each instruction alone, and the stationary operand.
/// Returns whether every access is inside its memory.
bool verify_operands(const Program& program, Findings& findings);
/// Waits exist, sequence is a serial order, and all queues run to their ends.
void verify_waits(const Program& program, Findings& findings);
/// Ownership over time, read before write, and completely written outputs. All accesses are in bounds.
void verify_memory(const Program& program, Findings& findings);

}  // namespace infsim::program
