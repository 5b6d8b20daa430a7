#include "analysis/energy.hpp"

#include <optional>
#include <vector>

#include "base/check.hpp"
#include "base/dtype.hpp"
#include "base/text.hpp"

namespace infsim::analysis {

namespace {

using hw::EnergyRange;
using hw::EnergySpec;
using record::Integer;
using record::RunRecord;
using MaybeRange = std::optional<EnergyRange>;

constexpr double kPicojoulesToMillijoules = 1e-9;
constexpr double kJoulesToMillijoules = 1e3;

MaybeRange times(const MaybeRange& range, double factor) {
    if (!range) return std::nullopt;
    return EnergyRange{range->low * factor, range->high * factor};
}

MaybeRange sum(const std::vector<MaybeRange>& parts) {
    EnergyRange total;
    for (const MaybeRange& part : parts) {
        if (!part) return std::nullopt;
        total.low += part->low;
        total.high += part->high;
    }
    return total;
}

const MaybeRange& mac_of(const EnergySpec& spec, DType dtype) {
    if (dtype == DType::fp32) return spec.mac_fp32;
    return dtype == DType::bf16 ? spec.mac_bf16 : spec.mac_fp16;
}

double count(const Integer& n) { return static_cast<double>(n.value_or(0)); }

/// All DRAM traffic of one inference. Host inputs and outputs pass through device DRAM, too.
double dram_bytes(const RunRecord& r) {
    return count(r.dram_weight_bytes) + count(r.dram_constant_bytes) + count(r.dram_input_bytes) +
           count(r.dram_output_bytes) + count(r.dram_host_bytes) + count(r.spill_save_bytes) +
           count(r.spill_reload_bytes) + count(r.relayout_write_bytes) + count(r.relayout_read_bytes);
}

void put(const MaybeRange& range, record::Real& low, record::Real& high) {
    low = range ? record::Real{range->low} : std::nullopt;
    high = range ? record::Real{range->high} : std::nullopt;
}

/// The keys of a chip file that a total lacks; only the section if it is missing entirely.
std::string missing_keys(const EnergySpec& spec, const std::string& dtype, const MaybeRange& mac) {
    std::vector<std::string> missing;
    const auto need = [&](const MaybeRange& range, const std::string& key) {
        if (!range) missing.push_back("energy." + key);
    };
    need(mac, "mac_" + dtype);
    need(spec.state_buffer, "state_buffer");
    need(spec.psum, "psum");
    need(spec.dram, "dram");
    need(spec.host_link, "host_link");
    need(spec.static_power, "static_power");
    constexpr std::size_t kAll = 6;
    return missing.size() == kAll ? "energy" : join(missing, " ");
}

}  // namespace

void fill_energy(RunRecord& r, const EnergySpec& spec) {
    if (!record::has_results(r)) return;
    const auto dtype = parse_dtype(r.dtype);
    INFSIM_CHECK(dtype && r.batch_size && *r.batch_size > 0 && r.throughput_avg && *r.throughput_avg > 0,
                 "a record that ran has a type, a batch and a throughput");
    const double per_item = kPicojoulesToMillijoules / count(r.batch_size);
    const MaybeRange& per_mac = mac_of(spec, *dtype);
    // macs_per_inference counts one item.
    const MaybeRange mac = times(per_mac, count(r.macs_per_inference) * kPicojoulesToMillijoules);
    const MaybeRange sram = sum({times(spec.state_buffer, count(r.sb_access_bytes) * per_item),
                                 times(spec.psum, count(r.psum_access_bytes) * per_item)});
    const MaybeRange dram = times(spec.dram, dram_bytes(r) * per_item);
    const MaybeRange host = times(spec.host_link, count(r.dram_host_bytes) * per_item);
    const MaybeRange idle = times(spec.static_power, kJoulesToMillijoules / *r.throughput_avg);
    put(mac, r.energy_mac_mj_per_item_low, r.energy_mac_mj_per_item_high);
    put(sram, r.energy_sram_mj_per_item_low, r.energy_sram_mj_per_item_high);
    put(dram, r.energy_dram_mj_per_item_low, r.energy_dram_mj_per_item_high);
    put(host, r.energy_host_mj_per_item_low, r.energy_host_mj_per_item_high);
    put(idle, r.energy_static_mj_per_item_low, r.energy_static_mj_per_item_high);
    put(sum({mac, sram, dram, host, idle}), r.energy_mj_per_item_low, r.energy_mj_per_item_high);
    r.energy_missing = missing_keys(spec, r.dtype, per_mac);
}

}  // namespace infsim::analysis
