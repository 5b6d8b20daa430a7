// The resolved chip in base units: the part of a point's identity that the hardware contributes.
#include "base/quantity.hpp"
#include "hw/load.hpp"

namespace infsim::hw {
namespace {

using json::Object;

json::Value vector_engine(const VectorEngineSpec& engine) {
    return Object{{"clock", base_units(engine.clock)},
                  {"min_cycles", base_units(engine.min_cycles)},
                  {"overhead", base_units(engine.overhead)},
                  {"latency", base_units(engine.latency)}};
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

json::Value dma(const DmaSpec& dma) {
    return Object{{"engines_per_core", dma.engines_per_core},
                  {"rings_per_engine", dma.rings_per_engine},
                  {"max_descriptor", base_units(dma.max_descriptor)},
                  {"start_latency", base_units(dma.start_latency)},
                  {"completion_latency", base_units(dma.completion_latency)},
                  {"engine_bandwidth", base_units(dma.engine_bandwidth)},
                  {"core_bandwidth", base_units(dma.core_bandwidth)},
                  {"min_row", base_units(dma.min_row)}};
}

json::Value dram(const DramSpec& dram) {
    const Object model{{"kind", "bandwidth"}, {"efficiency", std::get<BandwidthDram>(dram.model).efficiency}};
    return Object{{"capacity", base_units(dram.capacity)},
                  {"channels", dram.channels},
                  {"channel_bandwidth", base_units(dram.channel_bandwidth)},
                  {"burst", base_units(dram.burst)},
                  {"latency", base_units(dram.latency)},
                  {"model", model}};
}

}  // namespace

json::Value canonical_json(const ChipSpec& spec) {
    return Object{
        {"name", spec.name},
        {"cores", spec.cores},
        {"pe", pe(spec.pe)},
        {"act", vector_engine(spec.act)},
        {"pool", vector_engine(spec.pool)},
        {"state_buffer", Object{{"partitions", spec.state_buffer.partitions},
                                {"partition_bytes", base_units(spec.state_buffer.partition_bytes)}}},
        {"psum", Object{{"partitions", spec.psum.partitions},
                        {"banks", spec.psum.banks},
                        {"bank_bytes", base_units(spec.psum.bank_bytes)}}},
        {"dma", dma(spec.dma)},
        {"dram", dram(spec.dram)},
        {"host", Object{{"link_bandwidth", base_units(spec.host.link_bandwidth)},
                        {"transfer_latency", base_units(spec.host.transfer_latency)},
                        {"call_overhead", base_units(spec.host.call_overhead)}}},
        {"sync", Object{{"max_queues", spec.sync.max_queues},
                        {"semaphores", spec.sync.semaphores},
                        {"events", spec.sync.events}}}};
}

}  // namespace infsim::hw
