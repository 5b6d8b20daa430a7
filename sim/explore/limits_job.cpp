#include "explore/limits_job.hpp"

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "explore/worker_answer.hpp"
#include "flow/limits/limits_row.hpp"
#include "flow/run/run_point.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace {

/// SystemC elaborates once per process, but a limit needs several simulations.
std::vector<record::RunRecord> simulate_in_forks(const std::vector<flow::PointRequest>& requests,
                                                 flow::ModelCache& models) {
    std::vector<record::RunRecord> records;
    for (const flow::PointRequest& request : requests) {
        Problems problems;
        const auto point = flow::resolve(request, models, problems);
        problems.throw_if_any();
        const std::string text = in_fork([&] { return record::to_json(flow::run_point(*point).record); });
        records.push_back(record::from_json(text, "answer of a fork"));
        INFSIM_CHECK(records.back().status == record::Status::ok, "a batch that fits did not run");
    }
    return records;
}

std::string found(const flow::PointRequest& request, const flow::Point& point, int max_batch) {
    flow::ModelCache models;
    flow::LimitsTools tools = flow::compiling_tools();
    tools.simulate = [&](const auto& requests) { return simulate_in_forks(requests, models); };
    flow::LimitsOptions options;
    options.most = max_batch;
    options.levers = false;
    const flow::Limits limits = flow::find_limits(request, options, tools);
    record::LimitsRecord row = flow::limits_record_of(point, max_batch);
    flow::fill_limits(row, limits);
    return limits_text(row, flow::to_json(limits));
}

}  // namespace

std::string limits_request(const flow::PointRequest& request, int max_batch) {
    return json::dump(json::Object{{"limits", flow::to_json(request)}, {"max_batch", max_batch}}, 0);
}

std::string limits_text(const record::LimitsRecord& record, const json::Value& limits) {
    return json::dump(json::Object{{"record", record::to_object(record)}, {"limits", limits}}, 0) + "\n";
}

LimitsAnswer parse_limits_answer(const std::string& text) {
    Problems problems;
    auto read = read_answer(text, problems);
    problems.throw_if_any();
    LimitsAnswer answer;
    answer.problems = std::move(read->problems);
    if (!answer.problems.empty()) return answer;
    json::ObjectReader reader(json::Cursor(read->document, problems));
    if (const auto place = reader.required("record")) {
        json::ObjectReader row(*place);
        answer.record = record::read_limits_record(row);
        row.finish();
    }
    if (const auto place = reader.required("limits")) answer.limits = place->value();
    reader.finish();
    problems.throw_if_any();
    return answer;
}

bool is_limits_request(const json::Document& document) {
    return document.root.is_object() && document.root.as_object().find("limits") != nullptr;
}

Job limits_job(const json::Document& document, flow::PointReader& points) {
    Problems problems;
    json::ObjectReader reader(json::Cursor(document, problems));
    const auto place = reader.required("limits");
    const int max_batch = static_cast<int>(reader.integer("max_batch", 1, flow::kMaxBatch));
    reader.finish();
    problems.throw_if_any();
    const flow::PointRequest request = flow::point_request_from_json({document.file, place->value()}, problems);
    auto point = problems.empty() ? points.point(request, problems) : std::nullopt;
    problems.throw_if_any();
    return [request, point = std::move(*point), max_batch] { return found(request, point, max_batch); };
}

}  // namespace infsim::explore
