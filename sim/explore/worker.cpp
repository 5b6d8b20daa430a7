#include "explore/worker.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "explore/measure.hpp"
#include "flow/run_point.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace {

/// Cells that belong to timing_header.
std::string timing_cells(const flow::Timing& t) {
    std::vector<std::string> passes;
    for (const compiler::PassReport& p : t.passes) passes.push_back(p.pass + "=" + number_text(p.seconds));
    return record::csv_line({number_text(t.compile_seconds), number_text(t.simulate_seconds),
                             number_text(t.simulated_instructions), join(passes, " ")});
}

json::Value answer(const record::RunRecord& record, const std::string& layers_csv, const std::string& timing) {
    return json::Object{{"record", record::to_object(record)}, {"layers_csv", layers_csv}, {"timing", timing}};
}

json::Value answer(const std::vector<Problem>& problems) {
    json::Array list;
    for (const Problem& p : problems)
        list.push_back(json::Object{{"file", p.file}, {"where", p.where}, {"what", p.what}});
    return json::Object{{"problems", std::move(list)}};
}

json::Value run(const flow::Point& point) {
    try {
        const flow::PointResult result = flow::run_point(point);
        return answer(result.record, result.layers_csv, timing_cells(result.timing));
    } catch (const InternalError& e) {
        record::RunRecord failed = flow::record_of(point);
        failed.status = record::Status::failed;
        failed.reason = e.what();
        return answer(failed, "", timing_cells({}));
    }
}

}  // namespace

std::string timing_header() { return "compile_s,simulate_s,simulated_instructions,passes_s"; }

std::string answer_request(const std::string& input) {
    json::Value result;
    try {
        Problems problems;
        const auto document = json::parse_text(input, "request", problems);
        problems.throw_if_any();
        if (is_measure_request(*document)) return json::dump(answer_measure_request(*document), 0) + "\n";
        const flow::PointRequest request = flow::point_request_from_json(*document, problems);
        flow::ModelCache models;
        const auto point = problems.empty() ? flow::resolve(request, models, problems) : std::nullopt;
        problems.throw_if_any();
        result = run(*point);
    } catch (const InputError& e) {
        result = answer(e.problems());
    }
    return json::dump(result, 0) + "\n";
}

WorkerAnswer parse_answer(const std::string& text) {
    Problems problems;
    const auto document = json::parse_text(text, "answer of a worker", problems);
    problems.throw_if_any();
    WorkerAnswer result;
    json::ObjectReader reader(json::Cursor(*document, problems));
    if (reader.has("problems")) {
        for (const json::Cursor& element : reader.array("problems")) {
            json::ObjectReader p(element);
            result.problems.push_back({p.string("file"), p.string("where"), p.string("what")});
        }
    } else {
        if (const auto record = reader.required("record"))
            result.point.record = record::from_json(json::dump(record->value(), 0), "answer of a worker");
        result.point.layers_csv = reader.string("layers_csv");
        result.point.timing_cells = reader.string("timing");
    }
    reader.finish();
    problems.throw_if_any();
    return result;
}

}  // namespace infsim::explore
