// One point in a process of its own: what is asked for and what is answered.
#pragma once

#include <string>

#include "explore/request_loop.hpp"
#include "explore/store.hpp"
#include "flow/point/point_reader.hpp"

namespace infsim::explore {

/// What a worker answers: a stored point, or problems with the input that only the compiler could find.
struct WorkerAnswer {
    StoredPoint point;
    std::vector<Problem> problems;
};

/// The worker's side: reads a request (flow::to_json); the job runs it and returns the answer as JSON. A violated
/// invariant becomes a record with status failed; input problems are part of the answer.
Job job_of(const std::string& request, flow::PointReader& reader);

/// The worker's command with these limits for what it runs, and back. Throws InputError for other words.
std::vector<std::string> limited(std::vector<std::string> command, const PointLimits& limits);
PointLimits limits_of(const std::vector<std::string>& words);

/// The other side. Throws InputError for what no worker wrote.
WorkerAnswer parse_answer(const std::string& text);

/// Header of the columns in StoredPoint::timing_cells.
std::string timing_header();

}  // namespace infsim::explore
