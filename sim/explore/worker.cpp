#include "explore/worker.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "explore/limits_job.hpp"
#include "explore/measure.hpp"
#include "explore/worker_answer.hpp"
#include "flow/run/estimate_point.hpp"
#include "flow/run/run_point.hpp"
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

json::Value run(const flow::Point& point) {
    try {
        const flow::PointResult result =
            point.method == flow::Method::estimate ? flow::estimate_point(point) : flow::run_point(point);
        return answer(result.record, result.layers_csv, timing_cells(result.timing));
    } catch (const InternalError& e) {
        record::RunRecord failed = flow::record_of(point);
        failed.status = record::Status::failed;
        failed.reason = e.what();
        return answer(failed, "", timing_cells({}));
    }
}

Job read_job(const std::string& request, flow::PointReader& reader) {
    Problems problems;
    const auto document = json::parse_text(request, "request", problems);
    problems.throw_if_any();
    if (is_measure_request(*document)) return measure_job(*document, reader);
    if (is_limits_request(*document)) return limits_job(*document, reader);
    const flow::PointRequest asked = flow::point_request_from_json(*document, problems);
    auto point = problems.empty() ? reader.point(asked, problems) : std::nullopt;
    problems.throw_if_any();
    return [point = std::move(*point)] { return json::dump(run(point), 0) + "\n"; };
}

}  // namespace

std::vector<std::string> limited(std::vector<std::string> command, const PointLimits& limits) {
    if (limits.time) command.insert(command.end(), {"--point-timeout", to_text(*limits.time)});
    if (limits.memory) command.insert(command.end(), {"--point-memory", to_text(*limits.memory)});
    return command;
}

PointLimits limits_of(const std::vector<std::string>& words) {
    PointLimits limits;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const std::string value = i + 1 < words.size() ? words[i + 1] : "";
        if (words[i] == "--point-timeout") limits.time = parse_quantity<Duration>(value).value;
        if (words[i] == "--point-memory") limits.memory = parse_quantity<Bytes>(value).value;
        const bool known =
            words[i] == "--point-timeout" ? limits.time.has_value() : words[i] == "--point-memory" && limits.memory;
        if (!known) throw InputError("", words[i], "worker takes requests on stdin and limits of a point");
    }
    return limits;
}

std::string timing_header() { return "compile_s,simulate_s,simulated_instructions,passes_s"; }

Job job_of(const std::string& request, flow::PointReader& reader) {
    try {
        return [job = read_job(request, reader)] {
            try {
                return job();
            } catch (const InputError& e) {  // problems that only the compiler finds
                return refusal_text(e.problems());
            }
        };
    } catch (const InputError& e) {
        return [text = refusal_text(e.problems())] { return text; };
    }
}

WorkerAnswer parse_answer(const std::string& text) {
    Problems problems;
    auto answer = read_answer(text, problems);
    problems.throw_if_any();
    WorkerAnswer result;
    result.problems = std::move(answer->problems);
    if (!result.problems.empty()) return result;
    json::ObjectReader reader(json::Cursor(answer->document, problems));
    if (const auto record = reader.required("record"))
        result.point.record = record::from_json(json::dump(record->value(), 0), answer->document.file);
    result.point.layers_csv = reader.string("layers_csv");
    result.point.timing_cells = reader.string("timing");
    reader.finish();
    problems.throw_if_any();
    return result;
}

}  // namespace infsim::explore
