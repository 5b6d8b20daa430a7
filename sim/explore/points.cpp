#include "explore/points.hpp"

#include "base/json.hpp"
#include "base/text.hpp"
#include "explore/worker.hpp"

namespace infsim::explore {

namespace {

std::string last_line(const std::string& text) {
    const auto lines = split(trim(text), '\n');
    return lines.back();
}

}  // namespace

std::optional<StoredPoint> judge(const ProcessResult& result, const record::RunRecord& prepared,
                                 std::vector<Problem>& problems) {
    const auto failed = [&](const std::string& reason) {
        StoredPoint point{prepared, "", ",,,"};
        point.record.status = record::Status::failed;
        point.record.reason = reason;
        return point;
    };
    if (!result.exited || result.status != 0) {
        const std::string said = last_line(result.err);
        return failed("the worker ended with " + result.ending() + (said.empty() ? "" : ": " + said));
    }
    try {
        WorkerAnswer answer = parse_answer(result.out);
        if (!answer.problems.empty()) {
            problems = std::move(answer.problems);
            return std::nullopt;
        }
        return std::move(answer.point);
    } catch (const InputError& e) {
        return failed(std::string("the worker's answer cannot be read: ") + last_line(e.what()));
    }
}

std::optional<std::vector<StoredPoint>> run_whole_points(
    const std::vector<flow::PointRequest>& requests, const std::vector<record::RunRecord>& prepared,
    const std::vector<std::string>& worker_command, int jobs,
    const std::function<void(std::size_t, const record::RunRecord&)>& done) {
    std::vector<std::string> inputs;
    for (const flow::PointRequest& request : requests) inputs.push_back(json::dump(flow::to_json(request), 0) + "\n");
    std::vector<StoredPoint> points(requests.size());
    Problems problems;
    const bool finished = run_workers(worker_command, inputs, jobs, [&](std::size_t n, const ProcessResult& result) {
        std::vector<Problem> found;
        auto judged = judge(result, prepared[n], found);
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
