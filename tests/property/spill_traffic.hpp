// What a Program moves between the state buffer and the segment "spill", counted from its instructions.
#pragma once

#include <cstdint>
#include <variant>

#include "compiler/compile.hpp"
#include "program/runs.hpp"

namespace infsim::test {

struct SpillTraffic {
    std::int64_t saved = 0, reloaded = 0;  ///< bytes over all partitions
    std::int64_t total() const { return saved + reloaded; }
};

inline SpillTraffic spill_traffic(const program::Program& program) {
    const auto spills = [&](std::uint32_t segment) {
        return program.segments[segment].name == "spill" &&
               program.segments[segment].purpose == program::Purpose::spill;
    };
    SpillTraffic traffic;
    for (const program::Queue& queue : program.queues)
        for (const program::Instruction& in : queue.instructions) {
            if (const auto* store = std::get_if<program::DmaStore>(&in.op))
                traffic.saved += spills(store->dst.segment) ? program::total_bytes(store->src) : 0;
            if (const auto* load = std::get_if<program::DmaLoad>(&in.op))
                traffic.reloaded += spills(load->src.segment) ? program::total_bytes(load->dst) : 0;
        }
    return traffic;
}

}  // namespace infsim::test
