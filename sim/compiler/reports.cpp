#include "compiler/reports.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "program/operands.hpp"

namespace infsim::compiler {

std::vector<program::LayerInfo> layer_infos(const Network& network) {
    std::vector<program::LayerInfo> infos;
    for (const Layer& l : network.layers) infos.push_back({l.name, l.kind, l.macs, 0});
    return infos;
}

void add_weight_bytes(program::Program& program) {
    for (program::LayerInfo& info : program.layers)
        for (const program::Segment& s : program.segments)
            if (s.purpose == program::Purpose::weights &&
                (s.name == info.name || s.name == info.name + "/table" || s.name.rfind(info.name + "/region ", 0) == 0))
                info.weight_bytes += s.bytes;
}

void add_scratch_bytes(const program::Program& program, MemoryReport& report) {
    for (const auto& q : program.queues)
        for (const auto& in : q.instructions) {
            if (q.engine != program::Engine::dma) break;
            const auto accesses = program::accesses(in.op);
            if (!accesses.dram) continue;
            const program::Purpose purpose = program.segments[accesses.dram->pattern.segment].purpose;
            if (!program::is_scratch(purpose)) continue;
            const bool write = accesses.dram->write;
            const std::int64_t bytes =
                program::elements(accesses.dram->pattern) * accesses.dram->rows * accesses.dram->element_bytes;
            if (purpose == program::Purpose::spill)
                (write ? report.spill_save_bytes : report.spill_reload_bytes) += bytes;
            else (write ? report.relayout_write_bytes : report.relayout_read_bytes) += bytes;
        }
}

MemoryReport memory_report(const program::Program& program, const Placement& placement, const Budget& budget) {
    MemoryReport report;
    report.capacity_bytes = budget.bytes;
    report.capacity_binding = budget.binding;
    report.physical_bytes = program.target.sb_partition_bytes;
    report.peak_bytes = placement.peak;
    report.lower_bound_bytes = placement.lower_bound;
    const std::size_t n = program.layers.size();
    // Largest sum of live bytes while a layer's instructions run, in either half of the partitions.
    std::vector<std::uint32_t> first(n, UINT32_MAX), last(n, 0);
    std::uint32_t end = 0;
    for (const auto& q : program.queues)
        for (const auto& in : q.instructions) {
            end = std::max(end, in.sequence);
            if (std::holds_alternative<program::DmaLoad>(in.op)) continue;  // prefetched: not when the layer runs
            first[in.layer] = std::min(first[in.layer], in.sequence);
            last[in.layer] = std::max(last[in.layer], in.sequence);
        }
    std::vector<std::int64_t> lower(end + 2, 0), upper(end + 2, 0);
    for (const auto& a : program.allocations) {
        if (a.space != program::Space::state_buffer) continue;
        const int half = program.target.sb_partitions / 2;
        if (a.partition_start < half) lower[a.first_sequence] += a.bytes, lower[a.last_sequence + 1] -= a.bytes;
        if (a.partition_start + a.partition_count > half)
            upper[a.first_sequence] += a.bytes, upper[a.last_sequence + 1] -= a.bytes;
    }
    for (std::size_t s = 1; s < lower.size(); ++s) lower[s] += lower[s - 1], upper[s] += upper[s - 1];
    for (std::size_t l = 0; l < n; ++l) {
        LayerMemory m{static_cast<std::uint16_t>(l), 0};
        for (std::uint32_t s = first[l]; s <= last[l] && s < lower.size(); ++s)
            m.live_bytes = std::max({m.live_bytes, lower[s], upper[s]});
        report.layers.push_back(m);
    }
    return report;
}

}  // namespace infsim::compiler
