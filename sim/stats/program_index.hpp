// What observers need to know about each instruction, packed so that an event costs one array access.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "observe/events.hpp"
#include "program/program.hpp"
#include "record/record.hpp"

namespace infsim::stats {

/// Number of program::Purpose values.
constexpr int kPurposes = 6;

struct InstructionFacts {
    std::uint32_t dram_bytes = 0;  ///< payload that crosses DRAM; 0 for anything but a DRAM DMA
    std::uint16_t layer = 0;
    std::uint16_t image = 0;
    std::uint8_t purpose = 0;  ///< program::Purpose of its segment; meaningful when dram_bytes > 0
    bool writes_dram = false;
};

/// Facts of all instructions of a program, by queue and index in the queue.
class ProgramIndex {
public:
    explicit ProgramIndex(const program::Program& program);

    const InstructionFacts& operator[](const observe::InstructionRef& who) const {
        return queues_[who.queue][who.index];
    }
    const std::vector<InstructionFacts>& queue(std::size_t q) const { return queues_[q]; }
    std::size_t queue_count() const { return queues_.size(); }
    record::AccountedEngine engine(std::size_t queue) const { return engines_[queue]; }
    std::size_t layer_count() const { return layer_count_; }

private:
    std::vector<std::vector<InstructionFacts>> queues_;
    std::vector<record::AccountedEngine> engines_;
    std::size_t layer_count_ = 0;
};

}  // namespace infsim::stats
