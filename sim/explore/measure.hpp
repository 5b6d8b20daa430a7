// Service times for serving simulations, measured in worker processes.
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

/// Measures in worker processes, at most `jobs` at a time, and reports on `progress`. The returned function throws
/// InputError for problems that only the compiler finds, InternalError when a worker fails, and Interrupted.
flow::Measure measure_in_workers(std::vector<std::string> worker_command, int jobs, Progress& progress);

// ---- the worker's side ----

/// Whether a request is for service times rather than for a point.
bool is_measure_request(const json::Document& document);
/// The job answers {"service": table}. Both may throw InputError.
Job measure_job(const json::Document& document, flow::PointReader& points);

}  // namespace infsim::explore
