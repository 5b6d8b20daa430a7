// What mutations take hold of: instructions drawn by what they are, and their operands, open for edits.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "program/operands.hpp"

namespace infsim::testing {

namespace detail {
using namespace program;  // NOLINT: only inside this helper

/// A uniformly drawn instruction for which `fits` holds.
template <class Fits>
std::optional<InstructionId> draw(const Program& p, RandomStream& random, Fits fits) {
    std::vector<InstructionId> candidates;
    for (std::size_t q = 0; q < p.queues.size(); ++q)
        for (std::size_t i = 0; i < p.queues[q].instructions.size(); ++i)
            if (fits(p.queues[q].instructions[i]))
                candidates.push_back({static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(i)});
    if (candidates.empty()) return std::nullopt;
    return candidates[static_cast<std::size_t>(
        random.uniform_int(0, static_cast<std::int64_t>(candidates.size()) - 1))];
}

inline Instruction& at(Program& p, InstructionId id) { return p.queues[id.queue].instructions[id.index]; }

/// Mutable operands of an operation, in the order of its members.
inline std::vector<AccessPattern*> patterns(Operation& op) {
    struct Visit {
        std::vector<AccessPattern*> operator()(LoadStationary& i) const { return {&i.src}; }
        std::vector<AccessPattern*> operator()(Matmul& i) const { return {&i.moving, &i.dst}; }
        std::vector<AccessPattern*> operator()(Transpose& i) const { return {&i.src, &i.dst}; }
        std::vector<AccessPattern*> operator()(Activate& i) const { return {&i.src, &i.dst}; }
        std::vector<AccessPattern*> operator()(TensorTensor& i) const { return {&i.a, &i.b, &i.dst}; }
        std::vector<AccessPattern*> operator()(TensorScalar& i) const { return {&i.src, &i.dst}; }
        std::vector<AccessPattern*> operator()(Reduce& i) const { return {&i.src, &i.dst}; }
        std::vector<AccessPattern*> operator()(Memset& i) const { return {&i.dst}; }
        std::vector<AccessPattern*> operator()(DmaLoad& i) const { return {&i.dst}; }
        std::vector<AccessPattern*> operator()(DmaStore& i) const { return {&i.src}; }
        std::vector<AccessPattern*> operator()(DmaCopy& i) const { return {&i.src, &i.dst}; }
        std::vector<AccessPattern*> operator()(DmaGather& i) const { return {&i.index, &i.dst}; }
        std::vector<AccessPattern*> operator()(Sync&) const { return {}; }
    };
    return std::visit(Visit{}, op);
}
inline DramPattern* dram(Operation& op) {
    if (auto* i = std::get_if<DmaLoad>(&op)) return &i->src;
    if (auto* i = std::get_if<DmaStore>(&op)) return &i->dst;
    if (auto* i = std::get_if<DmaGather>(&op)) return &i->table;
    return nullptr;
}
inline bool has_operands(const Instruction& i) { return !std::holds_alternative<Sync>(i.op); }
inline std::uint32_t moved(std::uint32_t at, std::int64_t by, RandomStream& random) {
    const bool back = at >= by && random.uniform_int(0, 1) == 0;
    return static_cast<std::uint32_t>(back ? at - by : at + by);
}

/// Outermost dimension with more than one step, or -1.
inline int outer_dim(const AccessPattern& p) {
    for (int d = 0; d < kAccessDims; ++d)
        if (p.count[d] > 1) return d;
    return -1;
}

}  // namespace detail
}  // namespace infsim::testing
