// A scenario from its file to its figures: programs are resolved, and measured or run live.
#pragma once

#include <string>
#include <vector>

#include "flow/run/prices.hpp"
#include "flow/service/measured_times.hpp"
#include "record/serving_record.hpp"
#include "serving/search.hpp"
#include "serving/verdict.hpp"

namespace infsim::flow {

/// A scenario whose files are read. The scenario's server has its cores set, its host its overheads.
struct ServingPlan {
    serving::Scenario scenario;
    hw::ChipSpec chip;
    std::string model_name, dtype, compiler;
    std::vector<ServedProgram> programs;  ///< sizes of the server and candidates of the search, ascending
    std::vector<Point> points;            ///< of the programs
    std::string id;                       ///< hash of all that determines the results
    std::optional<PriceTag> price;        ///< of a chip; not part of the identity
};

/// Reads a scenario file and what it names. Settings with "chip." or "compiler." in front reach into those files, all
/// others into the scenario. Empty if anything was added to `problems`.
std::optional<ServingPlan> plan_serving(const std::string& path, const std::vector<Setting>& settings,
                                        ModelCache& models, Problems& problems);

/// Indices of the programs with these batch sizes.
std::vector<std::size_t> held(const ServingPlan& plan, const std::vector<int>& sizes);

/// Why these programs cannot be loaded together: one does not fit, or their copies do not fit a core's regions of
/// device DRAM. Empty if they can.
std::string why_not(const ServingPlan& plan, const ServiceTables& tables, const std::vector<std::size_t>& programs);

struct ServingResult {
    serving::Tally tally;
    serving::Summary summary;
    std::optional<double> offered_load;  ///< offered_load()
};

/// The items of an open load relative to the server's capacity with full batches of its largest size, from a closed
/// loop on measured times. Empty for closed loops.
std::optional<double> offered_load(const ServingPlan& plan, const serving::Scenario& scenario, ServiceTables& tables);

/// Up to this share of the capacity, p99 on measured times is within a tenth of the live chip's
/// (`scripts/check_serving_times.py`).
constexpr double kTrustedLoad = 0.9;

/// Runs `scenario` (the plan's, perhaps with another load or set of sizes) on measured times. Throws InputError if no
/// request was measured.
ServingResult serve_on_table(const ServingPlan& plan, const serving::Scenario& scenario, ServiceTables& tables,
                             const serving::ProgressCallback& progress = {});

/// Compiles the programs and lets arrivals drive the SystemC chip; once per process. If they do not fit, `reason` says
/// why.
std::optional<ServingResult> serve_live(const ServingPlan& plan, std::string& reason,
                                        const serving::ProgressCallback& progress = {});

/// The row of a run.
record::ServingRecord record_of(const ServingPlan& plan, const serving::Scenario& scenario,
                                const ServingResult& result);
/// The row of an impossible server.
record::ServingRecord infeasible_record(const ServingPlan& plan, const std::string& reason);

}  // namespace infsim::flow
