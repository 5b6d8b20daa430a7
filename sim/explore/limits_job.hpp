// The limits of one cell in a worker process: request and answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/problems.hpp"
#include "explore/request_loop.hpp"
#include "flow/point/point_reader.hpp"
#include "record/limits_record.hpp"

namespace infsim::explore {

std::string limits_request(const flow::PointRequest& request, int max_batch);

/// A row with its limits (flow::to_json), or problems with the input that only the compiler finds.
struct LimitsAnswer {
    record::LimitsRecord record;
    json::Value limits;
    std::vector<Problem> problems;
};
/// Throws InputError for text that no worker answers.
LimitsAnswer parse_limits_answer(const std::string& text);
/// The answer as a worker gives it, and as it is stored.
std::string limits_text(const record::LimitsRecord& record, const json::Value& limits);

// ---- the worker's side ----

/// Whether a request is for limits rather than for a point.
bool is_limits_request(const json::Document& document);
/// The job compiles in its own process and simulates each batch in a fork. Both may throw InputError.
Job limits_job(const json::Document& document, flow::PointReader& points);

}  // namespace infsim::explore
