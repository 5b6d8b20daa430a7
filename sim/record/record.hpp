// The RunRecord: everything infsim knows about one simulated point, as one flat struct.
//
// columns.hpp documents every member (name, unit, meaning); nothing else may. No wall-clock value, path or
// host name ever enters a record, so that equal points have equal records on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace infsim::record {

/// Incremented when a column is added, renamed or changes its meaning. A column that only some points have
/// (Column::rare) may be added without this, since it changes no other record.
constexpr int kRecordVersion = 6;

/// Milliseconds as in records and tables. Divides, because the quotient is the double nearest to the decimal number
/// and so has the shortest text, unlike a product with 1e-9.
constexpr double report_ms(Duration d) { return static_cast<double>(d.count()) / 1e9; }

/// ok: simulated. estimated: compiled and priced, without a simulation. infeasible: the compiler showed that the point
/// does not fit. failed: a fault of infsim. timeout, out_of_memory: given up, the point took longer or needed more
/// memory of this machine than allowed.
enum class Status : std::uint8_t { ok, estimated, infeasible, failed, timeout, out_of_memory };
std::string_view status_name(Status status);
std::optional<Status> parse_status(std::string_view name);
/// In the order of the enumeration.
std::vector<std::string_view> status_names();

/// The engines whose time is accounted for; `dma` is the mean over a core's DMA rings that the program uses.
enum class AccountedEngine : std::uint8_t { pe, act, pool, dma };
constexpr int kAccountedEngines = 4;
std::string_view engine_name(AccountedEngine engine);

/// Where an engine's time went: its own work, one of the reasons why it could not issue, or nothing to do.
/// The names follow observe::Stall; busy comes first.
enum class TimeShare : std::uint8_t {
    busy,
    wait_pe,
    wait_act,
    wait_pool,
    wait_weights,
    wait_input,
    wait_dma_other,
    wait_output,
    drained
};
constexpr int kTimeShares = 9;

using Integer = std::optional<std::int64_t>;
using Real = std::optional<double>;
using Flag = std::optional<bool>;
using EngineShares = std::array<Real, kTimeShares>;

/// A member without a value does not apply (an infeasible point has no latency).
struct RunRecord {
    // What was run.
    std::string point_id;
    std::string model_name;
    Integer n_models, workers_per_model, batch_size;
    std::string dtype, io_dtype, chip, compiler;
    Integer cores, seed, offset_sets;
    // What came out.
    Status status = Status::failed;
    Real throughput_avg, throughput_low, throughput_high;
    Integer inferences_measured;
    Real latency_ms_avg, latency_ms_p0, latency_ms_p50, latency_ms_p90, latency_ms_p95, latency_ms_p99, latency_ms_p100;
    Real throughput_min, throughput_median, throughput_max;
    Real latency_ms_p50_min, latency_ms_p50_median, latency_ms_p50_max;
    Real service_ms, unloaded_service_ms;
    Real host_ms;
    Real cost_per_1m_inf;
    // What limits it.
    Real roofline_ms, ideal_ms, efficiency;
    std::string bound;
    std::string main_stall, why_slow;
    std::array<std::string, kAccountedEngines> engine_main_stall;
    std::array<EngineShares, kAccountedEngines> engine_share;
    // Memory.
    Integer sb_peak_bytes, sb_capacity_bytes, sb_budget_bytes, sb_lower_bound_bytes;
    std::string sb_budget_binding;
    Real dram_utilisation;
    Integer dram_weight_bytes, dram_constant_bytes, dram_input_bytes, dram_output_bytes, dram_host_bytes;
    Integer spill_save_bytes, spill_reload_bytes, relayout_write_bytes, relayout_read_bytes;
    Real weight_bytes_per_inference;
    Integer dram_footprint_bytes;
    Integer sb_access_bytes, psum_access_bytes;
    // Energy.
    Real energy_mj_per_item_low, energy_mj_per_item_high;
    Real energy_mac_mj_per_item_low, energy_mac_mj_per_item_high;
    Real energy_sram_mj_per_item_low, energy_sram_mj_per_item_high;
    Real energy_dram_mj_per_item_low, energy_dram_mj_per_item_high;
    Real energy_host_mj_per_item_low, energy_host_mj_per_item_high;
    Real energy_static_mj_per_item_low, energy_static_mj_per_item_high;
    std::string energy_missing;
    // The program.
    Integer instructions, layers, layers_dram_bound, macs_per_inference;
    // Why not.
    std::string infeasible_resource, infeasible_layer;
    Integer infeasible_wanted_bytes, infeasible_available_bytes;
    std::string reason;
};

/// Whether the point has figures, measured or estimated.
inline bool has_results(const RunRecord& r) { return r.status == Status::ok || r.status == Status::estimated; }

/// Median latency; the mean where there is no median, as in an estimate. Empty where there is neither.
inline Real typical_latency_ms(const RunRecord& r) { return r.latency_ms_p50 ? r.latency_ms_p50 : r.latency_ms_avg; }

}  // namespace infsim::record
