// One point in a process of its own: what goes in on stdin and what comes out on stdout.
#pragma once

#include <string>

#include "explore/store.hpp"
#include "flow/point.hpp"

namespace infsim::explore {

/// What a worker answers: a stored point, or problems with the input that only the compiler could find.
struct WorkerAnswer {
    StoredPoint point;
    std::vector<Problem> problems;
};

/// The worker's side: runs the request in `input` (flow::to_json) and returns the answer as JSON. A violated
/// invariant becomes a record with status failed; input problems are part of the answer.
std::string answer_request(const std::string& input);

/// The other side. Throws InputError for what no worker wrote.
WorkerAnswer parse_answer(const std::string& text);

/// Header of the columns in StoredPoint::timing_cells.
std::string timing_header();

}  // namespace infsim::explore
