#include "compiler/memory/placement.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

namespace {

/// The instructions of loads, load after load: those of load l are at [begin[l], begin[l.next()]).
struct LoadInstructions {
    IdVector<LoadId, std::uint32_t> begin;
    std::vector<std::int32_t> position;
};

LoadInstructions load_instructions(const Code& code) {
    std::vector<std::pair<LoadId, std::int32_t>> found;  // load, position
    std::int32_t position = 0;
    for (const VirtualInstruction& in : code.instructions) {
        if (in.load.exists()) found.emplace_back(in.load, position);
        ++position;
    }
    LoadInstructions list;
    list.begin.assign(code.loads.size() + 1, 0);
    for (const auto& [load, at] : found) ++list.begin[load.next()];
    for (LoadId l : code.loads.ids()) list.begin[l.next()] += list.begin[l];
    list.position.resize(found.size());
    IdVector<LoadId, std::uint32_t> next = list.begin;
    for (const auto& [load, at] : found) list.position[next[load]++] = at;
    return list;
}

/// Appends instructions one by one, and records who touches what.
class OrderWriter {
public:
    OrderWriter(const Code& code, Placement& out) : code_(code), out_(out), of_load_(load_instructions(code)) {
        out.order.reserve(code.instructions.size());
        out.queue_length.assign(UINT8_MAX + 1, 0);
        out.first.assign(code.buffers.size(), INT32_MAX);
        out.last.assign(code.buffers.size(), -1);
    }
    void add(std::int32_t position, const VirtualInstruction& in) {
        const auto at = static_cast<std::int32_t>(out_.order.size());
        out_.order.push_back(position);
        ++out_.queue_length[in.queue];
        for (BufferId b : in.buffer)
            if (b.exists()) {
                out_.first[b] = std::min(out_.first[b], at);
                out_.last[b] = at;
            }
    }
    void add_load(LoadId load) {
        for (std::uint32_t k = of_load_.begin[load]; k < of_load_.begin[load.next()]; ++k) {
            const std::int32_t position = of_load_.position[k];
            add(position, code_.instructions[static_cast<std::size_t>(position)]);
        }
    }

private:
    const Code& code_;
    Placement& out_;
    LoadInstructions of_load_;
};

/// Every load's instructions go before the instruction at which it starts; the rest keep their order.
void order_instructions(const Code& code, const Allocation& allocation, Placement& out) {
    OrderWriter writer(code, out);
    std::vector<LoadId> loads = allocation.order;
    const auto& start = allocation.start;
    std::stable_sort(loads.begin(), loads.end(), [&](LoadId a, LoadId b) { return start[a] < start[b]; });
    std::size_t next = 0;
    const auto add_loads = [&](std::int32_t up_to) {
        for (; next < loads.size() && start[loads[next]] <= up_to; ++next) writer.add_load(loads[next]);
    };
    std::int32_t position = 0;
    for (const VirtualInstruction& in : code.instructions) {
        add_loads(position);
        if (!in.load.exists()) writer.add(position, in);
        ++position;
    }
    add_loads(position);
}

}  // namespace

Placement placement_of(const Code& code, Allocation&& allocation) {
    Placement out;
    out.lower_bound = allocation.lower_bound;
    order_instructions(code, allocation, out);
    for (BufferId b : code.buffers.ids())
        if (code.buffers[b].is_static && out.last[b] >= 0) {
            out.first[b] = 0;
            out.last[b] = static_cast<std::int32_t>(out.order.size()) - 1;
        }
    out.offset = std::move(allocation.offset);
    for (BufferId b : code.buffers.ids())
        if (out.last[b] >= 0) out.peak = std::max(out.peak, std::int64_t{out.offset[b]} + code.buffers[b].bytes);
    return out;
}

}  // namespace infsim::compiler
