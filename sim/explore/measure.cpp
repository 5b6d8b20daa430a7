#include "explore/measure.hpp"

#include <optional>

#include "base/check.hpp"
#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "explore/worker_answer.hpp"
#include "explore/workers.hpp"

namespace infsim::explore {

namespace {

/// Sets of cores are sent as "0,2", because our JSON has no unsigned 64-bit integers.
std::string list_of(serving::CoreSet busy) {
    std::vector<std::string> cores;
    for (int c = 0; c < serving::kMaxCoresPerChip; ++c)
        if ((busy >> c & 1U) != 0) cores.push_back(std::to_string(c));
    return join(cores, ",");
}

serving::CoreSet set_of(const std::string& list) {
    serving::CoreSet busy = 0;
    for (int c = 0; c < serving::kMaxCoresPerChip; ++c)
        for (const std::string& core : split(list, ','))
            if (core == std::to_string(c)) busy |= serving::CoreSet{1} << c;
    return busy;
}

std::string request_text(const flow::MeasureJob& job) {
    json::Array sets;
    for (const serving::CoreSet busy : job.busy) sets.emplace_back(list_of(busy));
    const json::Value request = json::Object{{"measure", flow::to_json(job.request)}, {"busy", std::move(sets)}};
    return json::dump(request, 0);
}

std::string label(const flow::MeasureJob& job) {
    return "service times of " + job.request.model + " B=" + std::to_string(job.request.batch) + " with " +
           std::to_string(job.busy.size()) + (job.busy.size() == 1 ? " set" : " sets") + " of busy cores";
}

flow::ServiceTable table_of(const ProcessResult& result, const std::string& what) {
    INFSIM_CHECK(result.good(),
                 what + ": the worker ended with " + result.ending() + ": " + std::string(trim(result.err)));
    Problems problems;
    const auto answer = read_answer(result.out, problems);
    INFSIM_CHECK(answer.has_value(), what + ": the worker's answer cannot be read");
    if (!answer->problems.empty()) throw InputError(answer->problems);
    const json::Value* service = answer->document.root.as_object().find("service");
    INFSIM_CHECK(service != nullptr, what + ": the worker's answer has no service times");
    auto table = flow::service_table_from_json({answer->document.file, *service}, problems);
    INFSIM_CHECK(table.has_value(), what + ": the worker's service times cannot be read");
    return std::move(*table);
}

}  // namespace

flow::Measure measure_in_workers(std::vector<std::string> worker_command, int jobs, Progress& progress) {
    return [command = std::move(worker_command), jobs, &progress](const std::vector<flow::MeasureJob>& wanted) {
        std::vector<std::string> inputs;
        for (const flow::MeasureJob& job : wanted) inputs.push_back(request_text(job));
        std::vector<flow::ServiceTable> tables(wanted.size());
        progress.start(wanted.size(), 0);
        const bool finished = run_workers(command, inputs, jobs, [&](std::size_t n, const ProcessResult& result) {
            tables[n] = table_of(result, label(wanted[n]));
            progress.step(label(wanted[n]));
        });
        progress.finish();
        if (!finished) throw Interrupted{};
        return tables;
    };
}

bool is_measure_request(const json::Document& document) {
    return document.root.is_object() && document.root.as_object().find("measure") != nullptr;
}

Job measure_job(const json::Document& document, flow::PointReader& points) {
    Problems problems;
    json::ObjectReader reader(json::Cursor(document, problems));
    const auto place = reader.required("measure");
    std::vector<serving::CoreSet> sets;
    for (const json::Cursor& busy : reader.array("busy")) sets.push_back(set_of(busy.string().value_or("")));
    reader.finish();
    problems.throw_if_any();
    const auto request = flow::point_request_from_json({document.file, place->value()}, problems);
    auto point = problems.empty() ? points.point(request, problems) : std::nullopt;
    problems.throw_if_any();
    for (const serving::CoreSet cores : sets)
        INFSIM_CHECK(cores != 0 && (point->chip.cores == serving::kMaxCoresPerChip || cores >> point->chip.cores == 0),
                     "a measurement asks for cores that the chip does not have");
    return [point = std::move(*point), sets] {
        return json::dump(json::Object{{"service", flow::to_json(flow::measure_service(point, sets))}}, 0) + "\n";
    };
}

}  // namespace infsim::explore
