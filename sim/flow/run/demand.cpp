#include "flow/run/demand.hpp"

#include <algorithm>
#include <string>

#include "base/check.hpp"
#include "base/text.hpp"
#include "cost/cost.hpp"

namespace infsim::flow {

namespace {

using program::Engine;
using program::Instruction;
using program::Program;
using program::Purpose;

Duration occupancy_of(const hw::ChipSpec& spec, const program::Queue& queue) {
    Duration total{};
    bool previous_was_matmul = false;
    for (const Instruction& i : queue.instructions) {
        total += cost::engine_cost(spec, i, previous_was_matmul).occupancy;
        previous_was_matmul = std::holds_alternative<program::Matmul>(i.op);
    }
    return total;
}

std::optional<std::uint32_t> segment_of(const Instruction& instruction) {
    if (const auto* load = std::get_if<program::DmaLoad>(&instruction.op)) return load->src.segment;
    if (const auto* store = std::get_if<program::DmaStore>(&instruction.op)) return store->dst.segment;
    if (const auto* gather = std::get_if<program::DmaGather>(&instruction.op)) return gather->table.segment;
    return std::nullopt;
}

void add_dma(analysis::Demand& demand, const hw::ChipSpec& spec, const Program& program, const program::Queue& queue) {
    for (const Instruction& i : queue.instructions) {
        const auto segment = segment_of(i);
        if (!segment) continue;
        const Bytes bytes = cost::dma_demand(spec, i).dram;
        demand.region_bytes.at(program.segments.at(*segment).region) += bytes;
        demand.core_bytes += bytes;
    }
}

Duration engine_floor(const hw::ChipSpec& spec, const analysis::Demand& demand) {
    return std::max({demand.pe, demand.act, demand.pool, demand.core_bytes / spec.dma.core_bandwidth});
}

}  // namespace

analysis::Demand demand_of(const hw::ChipSpec& spec, const Program& program) {
    analysis::Demand demand;
    demand.region_bytes.resize(static_cast<std::size_t>(std::max(spec.dram.channels, program.target.dram_regions)));
    for (const program::Queue& queue : program.queues) {
        switch (queue.engine) {
            case Engine::pe: demand.pe += occupancy_of(spec, queue); break;
            case Engine::act: demand.act += occupancy_of(spec, queue); break;
            case Engine::pool: demand.pool += occupancy_of(spec, queue); break;
            case Engine::dma: add_dma(demand, spec, program, queue); break;
        }
    }
    demand.static_weights = Bytes{program::static_bytes(program)};
    for (const program::Segment& segment : program.segments) {
        if (segment.purpose == Purpose::input) demand.host_in += Bytes{segment.bytes};
        if (segment.purpose == Purpose::output) demand.host_out += Bytes{segment.bytes};
        if (segment.purpose == Purpose::input || segment.purpose == Purpose::output)
            demand.region_bytes.at(segment.region) += Bytes{segment.bytes};
    }
    return demand;
}

std::vector<stats::InferenceRange> measured_ranges(const Measurement& measurement) {
    std::vector<stats::InferenceRange> ranges;
    for (const CoreMeasurement& core : measurement.cores)
        ranges.push_back(
            {core.measured.front().core, core.measured.front().inference, core.measured.back().inference + 1});
    return ranges;
}

void check_bounds(const hw::ChipSpec& spec, const analysis::Demand& demand, const stats::TrafficBytes& expected,
                  const stats::Traffic& traffic, const Measurement& measurement) {
    const Duration floor = engine_floor(spec, demand);
    TimePoint first = TimePoint::max(), last = TimePoint::min();
    Bytes moved;
    for (const CoreMeasurement& core : measurement.cores)
        for (const chip::Completion& c : core.measured) {
            const std::string who = "inference " + std::to_string(c.inference) + " of core " + std::to_string(c.core);
            const Duration service = c.last_retirement - c.first_issue;
            INFSIM_CHECK(service >= floor, who + " took " + number_text(seconds(service)) + " s, less than the " +
                                               number_text(seconds(floor)) + " s that its engines or its bytes need");
            INFSIM_CHECK(traffic.inference(c.core, c.inference) == expected,
                         who + " moved a different number of bytes from its program");
            first = std::min(first, c.submitted);
            last = std::max(last, c.output_done);
            moved += demand.core_bytes + demand.host_in + demand.host_out;
        }
    const Bandwidth all{analysis::sustained_bandwidth(spec.dram).count() * spec.dram.channels};
    INFSIM_CHECK(last - first >= moved / all, "the measured inferences moved " + number_text(moved.count()) +
                                                  " B over DRAM faster than all channels can");
}

}  // namespace infsim::flow
