#include "compiler/memory/placement.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

namespace {

/// The instructions of loads, one load's behind the other's: those of load l are at [begin[l], begin[l + 1]).
struct LoadInstructions {
    std::vector<std::uint32_t> begin;
    std::vector<std::int32_t> position;
};

LoadInstructions load_instructions(const Code& code) {
    std::vector<std::pair<std::int32_t, std::int32_t>> found;  // load, position
    std::int32_t position = 0;
    for (const VirtualInstruction& in : code.instructions) {
        if (in.load.exists()) found.emplace_back(in.load, position);
        ++position;
    }
    LoadInstructions list;
    list.begin.assign(code.loads.size() + 1, 0);
    for (const auto& [load, at] : found) ++list.begin[static_cast<std::size_t>(load) + 1];
    for (std::size_t l = 0; l < code.loads.size(); ++l) list.begin[l + 1] += list.begin[l];
    list.position.resize(found.size());
    std::vector<std::uint32_t> next(list.begin.begin(), list.begin.end() - 1);
    for (const auto& [load, at] : found) list.position[next[static_cast<std::size_t>(load)]++] = at;
    return list;
}

/// Every load's instructions stand in front of the instruction at which it starts; the rest keep their order.
void order_instructions(const Code& code, const Allocation& allocation, Placement& out) {
    const LoadInstructions of_load = load_instructions(code);
    std::vector<std::int32_t> loads = allocation.order;
    const auto start = [&](std::int32_t load) { return allocation.start[static_cast<std::size_t>(load)]; };
    std::stable_sort(loads.begin(), loads.end(), [&](std::int32_t a, std::int32_t b) { return start(a) < start(b); });
    out.order.reserve(code.instructions.size());
    out.queue_length.assign(UINT8_MAX + 1, 0);
    out.first.assign(code.buffers.size(), INT32_MAX);
    out.last.assign(code.buffers.size(), -1);
    const auto append = [&](std::int32_t position, const VirtualInstruction& in) {
        const auto at = static_cast<std::int32_t>(out.order.size());
        out.order.push_back(position);
        ++out.queue_length[in.queue];
        for (BufferId b : in.buffer)
            if (b != kNoBuffer) {
                out.first[static_cast<std::size_t>(b)] = std::min(out.first[static_cast<std::size_t>(b)], at);
                out.last[static_cast<std::size_t>(b)] = at;
            }
    };
    std::size_t next = 0;
    const auto append_loads = [&](std::int32_t up_to) {
        for (; next < loads.size() && start(loads[next]) <= up_to; ++next) {
            const auto load = static_cast<std::size_t>(loads[next]);
            for (std::uint32_t k = of_load.begin[load]; k < of_load.begin[load + 1]; ++k)
                append(of_load.position[k], code.instructions[static_cast<std::size_t>(of_load.position[k])]);
        }
    };
    std::int32_t position = 0;
    for (const VirtualInstruction& in : code.instructions) {
        append_loads(position);
        if (!in.load.exists()) append(position, in);
        ++position;
    }
    append_loads(position);
}

}  // namespace

Placement placement_of(const Code& code, Allocation&& allocation) {
    Placement out;
    out.lower_bound = allocation.lower_bound;
    order_instructions(code, allocation, out);
    out.offset = std::move(allocation.offset);
    for (const BufferId b : code.buffers.ids())
        if (out.last[b.index()] >= 0)
            out.peak = std::max(out.peak, std::int64_t{out.offset[b.index()]} + code.buffers[b].bytes);
    return out;
}

}  // namespace infsim::compiler
