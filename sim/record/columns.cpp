#include "record/columns.hpp"

#include <array>

#include "record/share_name.hpp"

namespace infsim::record {

namespace {

constexpr std::array<std::string_view, 6> kStatusNames{"ok",     "estimated", "infeasible",
                                                       "failed", "timeout",   "out_of_memory"};
constexpr std::array<std::string_view, kAccountedEngines> kEngineNames{"pe", "act", "pool", "dma"};
constexpr std::array<std::string_view, kTimeShares> kShareNames{"busy",           "wait_pe",      "wait_act",
                                                                "wait_pool",      "wait_weights", "wait_input",
                                                                "wait_dma_other", "wait_output",  "drained"};

void add_point(std::vector<Column>& c) {
    using R = RunRecord;
    c.push_back(column("model_name", "", "name of the network", &R::model_name));
    c.push_back(column("n_models", "", "copies of the network on the chip: one per core in use", &R::n_models));
    c.push_back(column("workers_per_model", "", "inferences outstanding per core", &R::workers_per_model));
    c.push_back(column("batch_size", "", "items per inference", &R::batch_size));
    c.push_back(column("dtype", "", "what is computed in", &R::dtype));
    c.push_back(column("io_dtype", "", "what the graph's inputs and outputs are", &R::io_dtype));
    c.push_back(column("chip", "", "name of the chip", &R::chip));
    c.push_back(column("compiler", "", "name of the compiler profile", &R::compiler));
    c.push_back(column("cores", "", "cores in use", &R::cores));
    c.push_back(column("seed", "", "seed of the jitter of the host's calls and of drawn starts", &R::seed));
    c.push_back(
        column("offset_sets", "",
               "starts that were measured: the usual one first, further ones drawn from the seeds behind 'seed'",
               &R::offset_sets));
}

void add_results(std::vector<Column>& c) {
    using R = RunRecord;
    c.push_back(
        column("status", "",
               "ok (simulated), estimated (priced by the compiler, not simulated), infeasible (does not fit, see "
               "reason), failed (fault of infsim), or given up: timeout, out_of_memory (of the machine that "
               "simulates)",
               &R::status));
    c.push_back(column("throughput_avg", "items/s", "items per second in the long run, summed over the cores",
                       &R::throughput_avg));
    c.push_back(column("throughput_low", "items/s",
                       "with throughput_high: the long run lies between them in 95 of 100 cases; equal to it where the "
                       "chip repeats itself exactly; of an estimate 10 % to either side",
                       &R::throughput_low));
    c.push_back(column("throughput_high", "items/s", "see throughput_low", &R::throughput_high));
    c.push_back(
        column("inferences_measured", "", "measured inferences per core, after warm-up", &R::inferences_measured));
    c.push_back(column("latency_ms_avg", "ms", "mean time of one inference as the host sees it", &R::latency_ms_avg));
    c.push_back(column("latency_ms_p0", "ms", "fastest inference as the host sees it", &R::latency_ms_p0));
    c.push_back(column("latency_ms_p50", "ms", "median (percentiles interpolate linearly)", &R::latency_ms_p50));
    c.push_back(column("latency_ms_p90", "ms", "90th percentile", &R::latency_ms_p90));
    c.push_back(column("latency_ms_p95", "ms", "95th percentile", &R::latency_ms_p95));
    c.push_back(column("latency_ms_p99", "ms", "99th percentile", &R::latency_ms_p99));
    c.push_back(column("latency_ms_p100", "ms", "slowest inference", &R::latency_ms_p100));
    c.push_back(column("throughput_min", "items/s", "least throughput of all starts", &R::throughput_min));
    c.push_back(column("throughput_median", "items/s", "median throughput of the starts", &R::throughput_median));
    c.push_back(column("throughput_max", "items/s", "most throughput of all starts", &R::throughput_max));
    c.push_back(column("latency_ms_p50_min", "ms", "lowest median latency of all starts", &R::latency_ms_p50_min));
    c.push_back(
        column("latency_ms_p50_median", "ms", "median of the starts' median latencies", &R::latency_ms_p50_median));
    c.push_back(column("latency_ms_p50_max", "ms", "highest median latency of all starts", &R::latency_ms_p50_max));
    c.push_back(column("cost_per_1m_inf", "USD",
                       "price of a million items: an hour of the chip by configs/prices.json or --price; empty for a "
                       "chip without a price",
                       &R::cost_per_1m_inf));
    c.push_back(column("service_ms", "ms", "mean of first issue to last retirement of one inference", &R::service_ms));
    c.push_back(
        column("unloaded_service_ms", "ms", "the same of one inference alone on the chip", &R::unloaded_service_ms));
    c.push_back(column("host_ms", "ms",
                       "time of the operators that run on the host, per inference: behind the transfer of its outputs, "
                       "on its worker, part of its latency",
                       &R::host_ms));
    c.back().rare = true;
    c.push_back(column("roofline_ms", "ms",
                       "on average, no core of this chip can complete inferences of this program in less",
                       &R::roofline_ms));
    c.push_back(column("bound", "", "which resource that bound comes from: dram, pe, act, pool or host", &R::bound));
    c.push_back(column("ideal_ms", "ms",
                       "no compiler can be faster: true multiply-accumulates at the array's peak, or parameters once, "
                       "inputs and outputs at the bandwidth of a core in use, whichever takes longer",
                       &R::ideal_ms));
    c.push_back(column("efficiency", "", "ideal_ms over service_ms", &R::efficiency));
    c.push_back(column("why_slow", "",
                       "where efficiency is below 0.1: the causes that take most of service_ms and their layers",
                       &R::why_slow));
    c.back().rare = true;
    c.push_back(column("main_stall", "", "in words, what the busiest engine mostly waits for", &R::main_stall));
}

void add_memory(std::vector<Column>& c) {
    using R = RunRecord;
    c.push_back(column("sb_peak_bytes", "B/partition", "most state buffer in use at one instant, worst partition",
                       &R::sb_peak_bytes));
    c.push_back(column("sb_capacity_bytes", "B/partition", "state buffer of the chip", &R::sb_capacity_bytes));
    c.push_back(column("sb_budget_bytes", "B/partition",
                       "state buffer that the compiler could use: the least of the chip's, sb_size and "
                       "state_buffer_budget",
                       &R::sb_budget_bytes));
    c.push_back(column("sb_budget_binding", "",
                       "which of the three that is: state buffer, sb_size or "
                       "state_buffer_budget",
                       &R::sb_budget_binding));
    c.push_back(column("sb_lower_bound_bytes", "B/partition", "no placement of the same tensors can peak lower",
                       &R::sb_lower_bound_bytes));
    c.push_back(column("dram_utilisation", "", "DRAM traffic over the peak of all channels", &R::dram_utilisation));
    c.push_back(
        column("dram_weight_bytes", "B", "weights read from DRAM by one inference of one core", &R::dram_weight_bytes));
    c.push_back(column("dram_constant_bytes", "B", "other constants read by one inference", &R::dram_constant_bytes));
    c.push_back(column("dram_input_bytes", "B", "graph inputs read by one inference", &R::dram_input_bytes));
    c.push_back(column("dram_output_bytes", "B", "graph outputs written by one inference", &R::dram_output_bytes));
    c.push_back(
        column("dram_host_bytes", "B", "host transfers of one inference, both directions", &R::dram_host_bytes));
    c.push_back(
        column("spill_save_bytes", "B", "intermediates written to DRAM for want of space", &R::spill_save_bytes));
    c.push_back(column("spill_reload_bytes", "B", "the same, read back by one inference", &R::spill_reload_bytes));
    c.push_back(column("relayout_write_bytes", "B",
                       "intermediates written to DRAM by one inference to come back in another layout",
                       &R::relayout_write_bytes));
    c.back().rare = true;
    c.push_back(column("relayout_read_bytes", "B", "the same, read back: more than once where several layers want them",
                       &R::relayout_read_bytes));
    c.back().rare = true;
    c.push_back(column("weight_bytes_per_inference", "B/item", "dram_weight_bytes over batch_size",
                       &R::weight_bytes_per_inference));
    c.push_back(column("dram_footprint_bytes", "B",
                       "device DRAM that one core's copy of instructions, weights and data occupies",
                       &R::dram_footprint_bytes));
    c.push_back(column("sb_access_bytes", "B", "read and written in the state buffer by one inference, DMA included",
                       &R::sb_access_bytes));
    c.push_back(column("psum_access_bytes", "B", "the same in PSUM; a sum that is added to is read and written",
                       &R::psum_access_bytes));
}

/// Energy of an item and its parts, from the record's counts and the chip file's ranges.
void add_energy(std::vector<Column>& c) {
    using R = RunRecord;
    const auto add = [&](const std::string& part, const std::string& meaning, Real R::*low, Real R::*high) {
        const std::string name = "energy_" + part + "mj_per_item_";
        c.push_back(column(name + "low", "mJ/item", meaning, low));
        c.push_back(column(name + "high", "mJ/item", "see " + name + "low", high));
    };
    add("", "energy of one item, between low and high, the sum of its parts; empty where one is unknown",
        &R::energy_mj_per_item_low, &R::energy_mj_per_item_high);
    add("mac_", "its part of multiply-accumulates, true ones only: macs_per_inference", &R::energy_mac_mj_per_item_low,
        &R::energy_mac_mj_per_item_high);
    add("sram_", "of state buffer and PSUM: sb_access_bytes and psum_access_bytes", &R::energy_sram_mj_per_item_low,
        &R::energy_sram_mj_per_item_high);
    add("dram_", "of device DRAM: all bytes, host transfers included, which land there",
        &R::energy_dram_mj_per_item_low, &R::energy_dram_mj_per_item_high);
    add("host_", "of the host link: dram_host_bytes", &R::energy_host_mj_per_item_low,
        &R::energy_host_mj_per_item_high);
    add("static_", "of what the chip takes whatever it does, over the time of an item at throughput_avg",
        &R::energy_static_mj_per_item_low, &R::energy_static_mj_per_item_high);
    c.push_back(
        column("energy_missing", "", "keys that the chip file leaves out and the sum lacks", &R::energy_missing));
}

void add_program(std::vector<Column>& c) {
    using R = RunRecord;
    c.push_back(column("instructions", "", "instructions of the program, all queues", &R::instructions));
    c.push_back(column("layers", "", "layers of the program, after fusion", &R::layers));
    c.push_back(column("layers_dram_bound", "", "layers whose DRAM time exceeds their time on every engine",
                       &R::layers_dram_bound));
    c.push_back(column("macs_per_inference", "MAC/item", "multiply-accumulates of one item", &R::macs_per_inference));
    c.push_back(column("infeasible_resource", "", "what does not suffice", &R::infeasible_resource));
    c.push_back(column("infeasible_layer", "", "the layer at which it does not suffice", &R::infeasible_layer));
    c.push_back(column("infeasible_wanted_bytes", "B", "demand there; per partition for on-chip memories",
                       &R::infeasible_wanted_bytes));
    c.push_back(column("infeasible_available_bytes", "B", "supply there, likewise", &R::infeasible_available_bytes));
    c.push_back(column("reason", "", "why the point is infeasible, failed or was given up, in a sentence", &R::reason));
    c.push_back(column("point_id", "", "hash of everything that determines this row", &R::point_id));
}

void add_engines(std::vector<Column>& c) {
    for (int e = 0; e < kAccountedEngines; ++e) {
        const std::string engine{kEngineNames[e]};
        c.push_back({engine + "_main_stall", "", "what " + engine + " mostly waits for, in words",
                     [e](RunRecord& r) { return MemberRef{&r.engine_main_stall[e]}; }});
        for (int s = 0; s < kTimeShares; ++s) {
            const std::string share{kShareNames[s]};
            c.push_back({engine + "_" + share + "_fraction", "",
                         "share of the measured time that " + engine + (s == 0 ? " worked" : " spent in " + share),
                         [e, s](RunRecord& r) { return MemberRef{&r.engine_share[e][s]}; }});
        }
    }
}

}  // namespace

std::string_view status_name(Status status) { return kStatusNames[static_cast<std::size_t>(status)]; }
std::string_view share_name(TimeShare share) { return kShareNames[static_cast<std::size_t>(share)]; }

std::string_view engine_name(AccountedEngine engine) { return kEngineNames[static_cast<std::size_t>(engine)]; }

std::vector<std::string_view> status_names() { return {kStatusNames.begin(), kStatusNames.end()}; }

std::optional<Status> parse_status(std::string_view name) {
    for (std::size_t i = 0; i < kStatusNames.size(); ++i)
        if (kStatusNames[i] == name) return static_cast<Status>(i);
    return std::nullopt;
}

const std::vector<Column>& columns() {
    static const std::vector<Column> all = [] {
        std::vector<Column> c;
        add_point(c);
        add_results(c);
        add_memory(c);
        add_energy(c);
        add_engines(c);
        add_program(c);
        return c;
    }();
    return all;
}

std::string column_manual() { return manual_of(columns()); }

}  // namespace infsim::record
