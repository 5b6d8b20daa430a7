// One point in its own process: request and answer.
#pragma once

#include <string>

#include "explore/request_loop.hpp"
#include "explore/store.hpp"
#include "flow/point/point_reader.hpp"

namespace infsim::explore {

/// The answer of a worker: a stored point, or problems with the input that only the compiler finds.
struct WorkerAnswer {
    StoredPoint point;
    std::vector<Problem> problems;
};

/// The worker's side: reads a request (flow::to_json); the job runs it and returns the answer as JSON. A violated
/// invariant becomes a record with status failed; input problems are part of the answer.
Job job_of(const std::string& request, flow::PointReader& reader);

/// The worker's command with these limits, and back. Throws InputError for other words.
std::vector<std::string> limited(std::vector<std::string> command, const PointLimits& limits);
PointLimits limits_of(const std::vector<std::string>& words);

/// The pool's side. Throws InputError for text that no worker wrote.
WorkerAnswer parse_answer(const std::string& text);

/// Header of the columns in StoredPoint::timing_cells.
std::string timing_header();

}  // namespace infsim::explore
