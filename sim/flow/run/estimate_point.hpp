// One point from files to a record without a simulation: compile, and price the Program.
#pragma once

#include <string_view>

#include "compiler/compile.hpp"
#include "flow/point/point.hpp"
#include "flow/run/run_point.hpp"

namespace infsim::flow {

/// Estimates are within this share of the simulated service time for nine points of ten and more
/// (scripts/check_estimates.py, table in tests/README.md).
constexpr double kEstimateError = 0.10;

/// The time between two completions of one core, and an inference as its worker sees it.
struct EstimatedCycle {
    Duration period, latency;
};

/// In the closed loop of `workers` per core, by the asymptotic bounds of operational analysis (Lazowska et al.,
/// "Quantitative System Performance", chapter 5): a core completes one inference per `service` at most, and each worker
/// one per round trip, which is `service` and what it spends elsewhere (`away`: calls, transfers, work of the host).
EstimatedCycle estimated_cycle(Duration service, Duration away, int workers);

/// The record of a point that is compiled and priced: status estimated, or infeasible. What only a simulation knows is
/// empty (simulated_only). throughput_low and throughput_high are kEstimateError away. No layers. Throws InputError for
/// what the compiler does not support.
PointResult estimate_point(const Point& point);

/// Whether an estimate leaves the column empty that a simulation fills: percentiles of latency, starts, and where
/// engines wait.
bool simulated_only(std::string_view column);

}  // namespace infsim::flow
