// The resolved chip in base units: the hardware's contribution to a point's identity.
#include "base/quantity.hpp"
#include "hw/load.hpp"
#include "hw/read_ddr4.hpp"

namespace infsim::hw {
namespace {

using json::Object;

// Absent abilities are omitted, so that points from before they could be stated keep their identity.

json::Value vector_engine(const VectorEngineSpec& engine) {
    Object object{{"clock", base_units(engine.clock)},
                  {"min_cycles", base_units(engine.min_cycles)},
                  {"overhead", base_units(engine.overhead)},
                  {"latency", base_units(engine.latency)}};
    if (engine.lanes) object.set("lanes", *engine.lanes);
    if (engine.elements_32bit != 1) object.set("elements_32bit", engine.elements_32bit);
    if (engine.elements_16bit != 1) object.set("elements_16bit", engine.elements_16bit);
    return object;
}

json::Value pe(const PeSpec& pe) {
    return Object{{"clock", base_units(pe.clock)},
                  {"rows", pe.rows},
                  {"columns", pe.columns},
                  {"max_moving", pe.max_moving},
                  {"min_matmul", base_units(pe.min_matmul)},
                  {"fp32_passes", pe.fp32_passes},
                  {"stationary_load", base_units(pe.stationary_load)},
                  {"stationary_load_unhidden", base_units(pe.stationary_load_unhidden)},
                  {"matmul_overhead", base_units(pe.matmul_overhead)},
                  {"latency", base_units(pe.latency)}};
}

json::Value psum(const PsumSpec& psum) {
    Object object{{"partitions", psum.partitions}, {"banks", psum.banks}, {"bank_bytes", base_units(psum.bank_bytes)}};
    if (psum.shared_port) object.set("shared_port", true);
    return object;
}

json::Value dma(const DmaSpec& dma) {
    Object object{{"engines_per_core", dma.engines_per_core},
                  {"rings_per_engine", dma.rings_per_engine},
                  {"max_descriptor", base_units(dma.max_descriptor)},
                  {"start_latency", base_units(dma.start_latency)},
                  {"completion_latency", base_units(dma.completion_latency)},
                  {"engine_bandwidth", base_units(dma.engine_bandwidth)},
                  {"core_bandwidth", base_units(dma.core_bandwidth)}};
    if (dma.rows.size() == 1) {
        object.set("min_row", base_units(dma.full_row()));
        return object;
    }
    json::Array rows;
    for (const RowCost& row : dma.rows) rows.push_back(json::Array{base_units(row.bytes), base_units(row.cost)});
    object.set("row_costs", std::move(rows));
    return object;
}

json::Value host(const HostSpec& host) {
    Object object{{"link_bandwidth", base_units(host.link_bandwidth)},
                  {"transfer_latency", base_units(host.transfer_latency)},
                  {"call_overhead", base_units(host.call_overhead)}};
    if (host.item_overhead != Duration{}) object.set("item_overhead", base_units(host.item_overhead));
    if (host.copy_bandwidth) object.set("copy_bandwidth", base_units(*host.copy_bandwidth));
    if (host.threads) object.set("threads", *host.threads);
    return object;
}

json::Value dram_model(const BandwidthDram& model) {
    return Object{{"kind", "bandwidth"}, {"efficiency", model.efficiency}};
}

json::Value dram_model(const Ddr4Dram& d) {
    return Object{{"kind", "ddr4"},
                  {"clock", base_units(d.clock)},
                  {"bus_bits", d.bus_bits},
                  {"bank_groups", d.bank_groups},
                  {"banks_per_group", d.banks_per_group},
                  {"row_bytes", base_units(d.row_bytes)},
                  {"address_map", address_map_text(d.address_map)},
                  {"cl", base_units(d.cl)},
                  {"cwl", base_units(d.cwl)},
                  {"t_rcd", base_units(d.t_rcd)},
                  {"t_rp", base_units(d.t_rp)},
                  {"t_ras", base_units(d.t_ras)},
                  {"t_ccd_s", base_units(d.t_ccd_s)},
                  {"t_ccd_l", base_units(d.t_ccd_l)},
                  {"t_rrd_s", base_units(d.t_rrd_s)},
                  {"t_rrd_l", base_units(d.t_rrd_l)},
                  {"t_faw", base_units(d.t_faw)},
                  {"t_wtr_s", base_units(d.t_wtr_s)},
                  {"t_wtr_l", base_units(d.t_wtr_l)},
                  {"t_rtp", base_units(d.t_rtp)},
                  {"t_wr", base_units(d.t_wr)},
                  {"t_refi", base_units(d.t_refi)},
                  {"t_rfc", base_units(d.t_rfc)}};
}

/// The arbitration is omitted if it is `exact`, so that points from before it could be chosen keep their identity.
json::Value dram(const DramSpec& dram) {
    Object object{{"capacity", base_units(dram.capacity)},
                  {"channels", dram.channels},
                  {"channel_bandwidth", base_units(dram.channel_bandwidth)},
                  {"burst", base_units(dram.burst)},
                  {"latency", base_units(dram.latency)},
                  {"model", std::visit([](const auto& model) { return dram_model(model); }, dram.model)}};
    if (dram.arbitration == Arbitration::fluid) object.set("arbitration", "fluid");
    return object;
}

}  // namespace

/// host.element_time is left out: it matters only for points of networks with operators on the host, and is part of
/// their identity (flow/point/point.cpp).
json::Value canonical_json(const ChipSpec& spec) {
    return Object{{"name", spec.name},
                  {"cores", spec.cores},
                  {"pe", pe(spec.pe)},
                  {"act", vector_engine(spec.act)},
                  {"pool", vector_engine(spec.pool)},
                  {"state_buffer", Object{{"partitions", spec.state_buffer.partitions},
                                          {"partition_bytes", base_units(spec.state_buffer.partition_bytes)}}},
                  {"psum", psum(spec.psum)},
                  {"dma", dma(spec.dma)},
                  {"dram", dram(spec.dram)},
                  {"host", host(spec.host)},
                  {"sync", Object{{"max_queues", spec.sync.max_queues}, {"semaphores", spec.sync.semaphores}}}};
}

}  // namespace infsim::hw
