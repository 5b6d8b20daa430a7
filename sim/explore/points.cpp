#include "explore/points.hpp"

#include <signal.h>

#include "base/json.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "explore/worker.hpp"
#include "explore/workers.hpp"

namespace infsim::explore {

namespace {

std::string last_line(const std::string& text) {
    const auto lines = split(trim(text), '\n');
    return lines.back();
}

std::string given_up(const ProcessResult& result, const PointLimits& limits) {
    if (result.end == ProcessResult::End::timeout)
        return "took longer than " + to_text(*limits.time) + " (--point-timeout)";
    if (result.status == SIGKILL) return "the system ended it because its memory ran out";
    return limits.memory ? "wanted more memory than " + to_text(*limits.memory) + " (--point-memory)"
                         : "the system refused it more memory";
}

/// The limit of ours that ended it, if any.
std::optional<std::int64_t> limit_of(const ProcessResult& result, const PointLimits& limits) {
    if (result.end == ProcessResult::End::timeout) return limits.time->count();
    if (result.status != SIGKILL && limits.memory) return limits.memory->count();
    return std::nullopt;
}

}  // namespace

std::optional<NoAnswer> no_answer(const ProcessResult& result, const PointLimits& limits) {
    using End = ProcessResult::End;
    using record::Status;
    if (result.end == End::timeout || result.end == End::out_of_memory)
        return NoAnswer{result.end == End::timeout ? Status::timeout : Status::out_of_memory, given_up(result, limits),
                        limit_of(result, limits)};
    if (result.good()) return std::nullopt;
    const std::string said = last_line(result.err);
    return NoAnswer{Status::failed, "the worker ended with " + result.ending() + (said.empty() ? "" : ": " + said), {}};
}

std::optional<StoredPoint> judge(const ProcessResult& result, const record::RunRecord& prepared,
                                 const PointLimits& limits, std::vector<Problem>& problems) {
    const auto without_answer = [&](record::Status status, const std::string& reason) {
        StoredPoint point{prepared, "", ",,,", {}};
        point.record.status = status;
        point.record.reason = reason;
        return point;
    };
    if (const auto none = no_answer(result, limits)) {
        auto point = without_answer(none->status, none->reason);
        point.limit = none->limit;
        return point;
    }
    try {
        WorkerAnswer answer = parse_answer(result.out);
        if (!answer.problems.empty()) {
            problems = std::move(answer.problems);
            return std::nullopt;
        }
        return std::move(answer.point);
    } catch (const InputError& e) {
        return without_answer(record::Status::failed,
                              std::string("the worker's answer cannot be read: ") + last_line(e.what()));
    }
}

std::optional<std::vector<StoredPoint>> run_whole_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done) {
    std::vector<std::string> inputs;
    for (const flow::PointRequest& request : requests) inputs.push_back(json::dump(flow::to_json(request), 0));
    std::vector<StoredPoint> points(requests.size());
    Problems problems;
    const bool finished = run_workers(worker_command, inputs, jobs, [&](std::size_t n, const ProcessResult& result) {
        std::vector<Problem> found;
        auto judged = judge(result, prepared[n], {}, found);
        for (Problem& p : found) problems.add(std::move(p));
        if (!judged) return;
        points[n] = std::move(*judged);
        if (done) done(n, points[n].record);
    });
    problems.throw_if_any();
    if (!finished) return std::nullopt;
    return points;
}

std::optional<std::vector<record::RunRecord>> run_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done) {
    auto points = run_whole_points(requests, prepared, worker_command, jobs, done);
    if (!points) return std::nullopt;
    std::vector<record::RunRecord> records;
    for (StoredPoint& point : *points) records.push_back(std::move(point.record));
    return records;
}

}  // namespace infsim::explore
