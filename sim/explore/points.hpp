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
    std::optional<std::int64_t> limit;  ///< under which it was given up: picoseconds or bytes, by the status
};
/// Empty where there is an answer.
std::optional<NoAnswer> no_answer(const ProcessResult& result, const PointLimits& limits);

/// The stored point that a worker's end amounts to: `prepared` with another status and a reason where there is no
/// answer, failed, or timeout and out_of_memory under these limits; adds to `problems` what is wrong with the input
/// instead.
std::optional<StoredPoint> judge(const ProcessResult& result, const record::RunRecord& prepared,
                                 const PointLimits& limits, std::vector<Problem>& problems);

/// Runs every request in a process of its own, by at most `jobs` workers; all that a store would keep, in the order of
/// the requests. Empty when interrupted. Throws InputError for what only the compiler finds wrong.
std::optional<std::vector<StoredPoint>> run_whole_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done = {});

/// The records alone; `done` is told which point ended and how.
std::optional<std::vector<record::RunRecord>> run_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done);

}  // namespace infsim::explore
