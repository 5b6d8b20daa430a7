// Service times measured in worker processes: what a serving simulation asks for.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "explore/progress.hpp"
#include "explore/request_loop.hpp"
#include "flow/point/point_reader.hpp"
#include "flow/service/measured_times.hpp"

namespace infsim::explore {

/// Thrown when SIGINT or SIGTERM arrives; the running workers are ended.
struct Interrupted {};

/// Measures in worker processes, at most `jobs` at a time, and says so on `progress`. The result throws InputError
/// for what only the compiler finds wrong with the input, InternalError when a worker fails, Interrupted.
flow::Measure measure_in_workers(std::vector<std::string> worker_command, int jobs, Progress& progress);

// ---- the worker's side ----

/// Whether a worker is asked for service times rather than for a point.
bool is_measure_request(const json::Document& document);
/// The job answers {"service": table}. Both may throw InputError.
Job measure_job(const json::Document& document, flow::PointReader& points);

}  // namespace infsim::explore
