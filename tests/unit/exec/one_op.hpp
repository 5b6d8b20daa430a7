// A Program of one instruction over hand-written memories.
#pragma once

#include <cstring>
#include <vector>

#include "base/elements.hpp"
#include "exec/execute.hpp"

namespace infsim::testing {

struct OneOp {
    program::Program program;

    OneOp() {
        program.target = {8, 4, 16, 8, 4, 2, 64, 32, 1, 1, 4, 4096, 1};
        program.queues.resize(1);
        program.layers = {{"only", "test", 0, 0}};
    }
    void add(program::Operation op) {
        program::Instruction i;
        i.op = std::move(op);
        i.sequence = static_cast<std::uint32_t>(program.queues[0].instructions.size());
        program.queues[0].instructions.push_back(i);
    }
    exec::ExecState state(exec::Tracking tracking = exec::Tracking::off) const {
        return exec::ExecState(program, tracking);
    }
};

/// `count` elements in a row of `partitions` partitions.
inline program::AccessPattern row(program::Space space, int start, int partitions, std::uint32_t offset, int count,
                                  DType dtype = DType::fp32) {
    program::AccessPattern p;
    p.space = space, p.dtype = dtype, p.offset = offset;
    p.partition_start = static_cast<std::uint16_t>(start), p.partition_count = static_cast<std::uint16_t>(partitions);
    p.count[3] = static_cast<std::uint16_t>(count), p.step[3] = 1;
    return p;
}
constexpr auto kSb = program::Space::state_buffer;
constexpr auto kPsum = program::Space::psum;

inline void put(exec::ExecState& s, const program::AccessPattern& p, const std::vector<double>& values) {
    exec::store(s.memory, p, values.data());
}
inline std::vector<double> get(const exec::ExecState& s, const program::AccessPattern& p) {
    std::vector<double> values(static_cast<std::size_t>(program::elements(p) * p.partition_count));
    exec::load(s.memory, p, values.data());
    return values;
}

}  // namespace infsim::testing
