// One point from files to a record without a simulation: compile, and estimate the Program.
#pragma once

#include <string_view>

#include "compiler/compile.hpp"
#include "flow/point/point.hpp"
#include "flow/run/run_point.hpp"

namespace infsim::flow {

/// Estimates are within this share of the simulated service time for at least nine points of ten
/// (scripts/check_estimates.py, table in tests/README.md).
constexpr double kEstimateError = 0.10;

/// The time between two completions of one core, and an inference's latency for its worker.
struct EstimatedCycle {
    Duration period, latency;
};

/// In the closed loop of `workers` per core, by the asymptotic bounds of operational analysis (Lazowska et al.,
/// "Quantitative System Performance", chapter 5): a core completes at most one inference per `service`, and each worker
/// one per round trip, which is `service` plus its time elsewhere (`away`: calls, transfers, work of the host).
EstimatedCycle estimated_cycle(Duration service, Duration away, int workers);

/// The record of a point that is compiled and estimated: status estimated, or infeasible. Columns that need a
/// simulation are empty (simulated_only). throughput_low and throughput_high are kEstimateError away. No layers. Throws
/// InputError for what the compiler does not support.
PointResult estimate_point(const Point& point);

/// Whether only a simulation fills the column: percentiles of latency, starts, and engine waits.
bool simulated_only(std::string_view column);

}  // namespace infsim::flow
