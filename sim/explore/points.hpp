// Points in worker processes: requests out, records in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "explore/process.hpp"
#include "explore/store.hpp"
#include "flow/point/point.hpp"

namespace infsim::explore {

/// Why a worker has no answer.
struct NoAnswer {
    record::Status status = record::Status::failed;  ///< failed, timeout or out_of_memory
    std::string reason;
    std::optional<std::int64_t> limit;  ///< the limit it exceeded: picoseconds or bytes, by the status
};
/// Empty if there is an answer.
std::optional<NoAnswer> no_answer(const ProcessResult& result, const PointLimits& limits);

/// Turns the end of a worker into a stored point. Without an answer, `prepared` gets a reason and the status failed, or
/// timeout or out_of_memory under these limits. Problems with the input are added to `problems` instead.
std::optional<StoredPoint> judge(const ProcessResult& result, const record::RunRecord& prepared,
                                 const PointLimits& limits, std::vector<Problem>& problems);

/// Runs every request in its own process, with at most `jobs` workers. Returns all that a store would keep, in request
/// order; empty when interrupted. Throws InputError for problems that only the compiler finds.
std::optional<std::vector<StoredPoint>> run_whole_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done = {});

/// Only the records; `done` is called with each point that ended and how.
std::optional<std::vector<record::RunRecord>> run_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done);

}  // namespace infsim::explore
