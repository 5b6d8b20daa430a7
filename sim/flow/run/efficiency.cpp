#include "flow/run/efficiency.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "cost/cost.hpp"
#include "graph/counts.hpp"
#include "hw/derived.hpp"

namespace infsim::flow {

namespace {

using analysis::LayerTime;
using analysis::Transfers;
using stats::Activity;

Transfers* transfers_of(LayerTime& layer, Activity activity) {
    switch (activity) {
        case Activity::pe:
        case Activity::act:
        case Activity::pool: return nullptr;
        case Activity::copies: return &layer.copies;
        case Activity::spills: return &layer.spills;
        case Activity::stores: return &layer.stores;
        case Activity::fetches: return &layer.fetches;
        case Activity::weights: return &layer.weights;
        case Activity::constants: return &layer.constants;
        case Activity::inputs: return &layer.inputs;
        case Activity::outputs: return &layer.outputs;
    }
    return nullptr;
}

/// The bytes and runs that DMA moves, and which weight segments each layer reads.
std::vector<std::set<std::uint32_t>> add_transfers(const Point& point, const program::Program& program,
                                                   std::vector<LayerTime>& layers) {
    const stats::ProgramIndex index(program);
    std::vector<std::set<std::uint32_t>> weights(layers.size());
    for (std::size_t q = 0; q < index.queue_count(); ++q) {
        if (program.queues[q].engine != program::Engine::dma) continue;
        for (std::size_t i = 0; i < index.queue(q).size(); ++i) {
            const program::Instruction& in = program.queues[q].instructions[i];
            if (!cost::is_dma(in)) continue;
            const Activity activity = stats::activity_of(index.engine(q), index.queue(q)[i]);
            Transfers& t = *transfers_of(layers[in.layer], activity);
            const cost::DmaDemand demand = cost::dma_demand(point.chip, in);
            t.add(demand.payload.count(), demand.descriptors);
            const auto* load = std::get_if<program::DmaLoad>(&in.op);
            if (load && activity == Activity::weights) weights[in.layer].insert(load->src.segment);
        }
    }
    return weights;
}

/// A tensor with parts in several segments of a layer counts once.
void add_weights(const Point& point, const program::Program& program,
                 const std::vector<std::set<std::uint32_t>>& segments, std::vector<LayerTime>& layers) {
    std::map<std::string, std::int64_t> elements;
    for (const graph::Tensor& t : point.graph.tensors)
        if (t.kind == graph::TensorKind::constant) elements[t.name] = graph::element_count(t.shape);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        std::set<std::string> tensors;
        for (const std::uint32_t s : segments[l]) {
            layers[l].stored_weight_bytes += program.segments[s].bytes;
            tensors.insert(program.segments[s].tensors.begin(), program.segments[s].tensors.end());
        }
        for (const std::string& name : tensors)
            layers[l].true_weight_bytes += elements[name] * dtype_bytes(point.dtype);
    }
}

}  // namespace

analysis::NeededWork needed_work(const Point& point, const analysis::Demand& demand) {
    const Bytes all{graph::parameters_read(point.graph, point.batch) * dtype_bytes(point.dtype)};
    const Bytes parameters = std::max(Bytes{}, all - demand.static_weights);  // static ones may hold zeros, too
    return {graph::total_macs(point.graph) * point.batch, parameters + demand.host_in + demand.host_out};
}

std::vector<LayerTime> layer_times(const Point& point, const program::Program& program,
                                   const std::vector<stats::ActivityTimes>& shares,
                                   const std::vector<stats::LayerRow>& rows) {
    std::vector<LayerTime> layers(program.layers.size());
    const double peak = hw::peak_macs_per_second(point.chip, point.dtype) / 1e3;  // per millisecond
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const auto ms = [&](Activity a) { return shares[l][static_cast<std::size_t>(a)]; };
        layers[l].name = program.layers[l].name;
        layers[l].pe_ms = ms(Activity::pe);
        layers[l].act_ms = ms(Activity::act);
        layers[l].pool_ms = ms(Activity::pool);
        const double macs = static_cast<double>(program.layers[l].macs) * point.batch;
        if (rows[l].pe_ms > 0) layers[l].array_use = macs / (rows[l].pe_ms * peak);
        for (int a = 0; a < stats::kActivities; ++a)
            if (Transfers* t = transfers_of(layers[l], static_cast<Activity>(a))) t->ms = ms(static_cast<Activity>(a));
    }
    add_weights(point, program, add_transfers(point, program, layers), layers);
    return layers;
}

void fill_efficiency(PointResult& result, const Point& point, const program::Program& program,
                     const analysis::Demand& demand, const stats::LayerShares& shares) {
    record::RunRecord& r = result.record;
    const Duration ideal = analysis::ideal_time(point.chip, point.dtype, point.cores, needed_work(point, demand));
    result.causes = analysis::causes_of_time(layer_times(point, program, shares.result(), result.layers));
    r.ideal_ms = record::report_ms(ideal);
    if (r.service_ms.value_or(0) <= 0) return;
    r.efficiency = *r.ideal_ms / *r.service_ms;
    if (*r.efficiency < analysis::kFarFromIdeal)
        r.why_slow = analysis::why_slow(result.causes, *r.service_ms, r.host_ms);
}

}  // namespace infsim::flow
