#include "cli/validate_report.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/table.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

using flow::Comparison;
using flow::ValidationOutcome;
using flow::ValidationRow;
using flow::ValidationSummary;

std::string error_text(std::optional<double> error) { return error ? signed_percent(*error) : "-"; }

std::string table_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    Table table({"row", "network", "B", "cores", "w", "published", "simulated", "error", "publ. ms", "sim. ms",
                 "error ms", "closed form", "error cf"});
    std::string other;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& p = rows[i].published;
        const ValidationOutcome& o = outcomes[i];
        if (p.latency_is != flow::LatencyKind::p50)
            other += fmt::format(", {} of {}", flow::latency_kind_name(p.latency_is), p.id);
        const std::string cores =
            p.chips == 1 ? number_text(std::int64_t{p.cores})
                         : number_text(std::int64_t{p.cores}) + "/" + number_text(std::int64_t{p.chips}) + " chips";
        const bool compared = o.status == Comparison::compared;
        table.add({p.id, p.model, number_text(std::int64_t{p.batch}), cores, number_text(std::int64_t{p.workers}),
                   fixed(p.throughput, 1),
                   compared ? fixed(o.throughput, 1) : std::string(flow::comparison_name(o.status)),
                   error_text(o.throughput_error), fixed(p.latency_ms, 2), fixed(o.latency_ms, 2),
                   error_text(o.latency_error), fixed(o.closed_throughput, 1), error_text(o.closed_error)});
    }
    return "Items per second (w: workers per core), latency p50" + other + ".\n" + table.text();
}

/// What a row's error is of, where that cannot be seen from the columns.
std::string device_time(const ValidationRow& row, const ValidationOutcome& o) {
    if (row.published.latency_is != flow::LatencyKind::device) return "";
    return fmt::format("device time {} ms, published {}: {}, which counts; ", fixed(o.latency_ms, 2),
                       fixed(row.published.latency_ms, 2), error_text(o.latency_error));
}

std::string sentences(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                      const ValidationSummary& s) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ValidationOutcome& o = outcomes[i];
        const std::string id = rows[i].published.id;
        if (o.status == Comparison::compared)
            text += fmt::format("{} ({}): {}{}.\n", id, o.profile, device_time(rows[i], o), o.main_stall);
        else text += fmt::format("{}: {}: {}\n", id, flow::comparison_name(o.status), o.reason);
    }
    text += fmt::format("\n{} of {} rows compared, {} skipped.", s.compared, rows.size(), s.skipped);
    if (s.compared == 0) return text + "\n";
    return text + fmt::format(
                      " Simulated: mean absolute error {:.1f} %, worst {} ({}).\nClosed form: mean absolute error "
                      "{:.1f} %, worst {}.\n",
                      100 * s.mean_absolute_error, signed_percent(s.worst_error), s.worst_id,
                      100 * s.closed_mean_absolute_error, signed_percent(s.closed_worst_error));
}

void set_if(json::Object& object, const char* key, std::optional<double> value) {
    if (value) object.set(key, *value);
}

json::Value to_json(const ValidationRow& row, const ValidationOutcome& o) {
    const auto& p = row.published;
    json::Object published, simulated, closed,
        all{{"id", p.id},
            {"model", p.model},
            {"dtype", p.dtype},
            {"batch_compiled", std::int64_t{p.batch}},
            {"chips", std::int64_t{p.chips}},
            {"cores_busy", std::int64_t{p.cores}},
            {"workers_per_core", std::int64_t{p.workers}},
            {"compiler", p.compiler},
            {"source", p.source},
            {"status", std::string(flow::comparison_name(o.status))}};
    set_if(published, "throughput_inf_s", p.throughput);
    const std::string latency = "latency_ms_" + std::string(flow::latency_kind_name(p.latency_is));
    set_if(published, latency.c_str(), p.latency_ms);
    all.set("published", published);
    if (!o.reason.empty()) all.set("reason", o.reason);
    if (o.status != Comparison::compared) return all;
    all.set("profile", o.profile);
    set_if(simulated, "throughput_inf_s", o.throughput);
    set_if(simulated, "throughput_low", o.throughput_low);
    set_if(simulated, "throughput_high", o.throughput_high);
    set_if(simulated, latency.c_str(), o.latency_ms);
    simulated.set("main_stall", o.main_stall);
    set_if(simulated, "throughput_error", o.throughput_error);
    set_if(simulated, "latency_error", o.latency_error);
    set_if(simulated, "error", o.error);
    all.set("simulated", simulated);
    set_if(closed, "throughput_inf_s", o.closed_throughput);
    set_if(closed, latency.c_str(), o.closed_latency_ms);
    set_if(closed, "error", o.closed_error);
    all.set("closed_form", closed);
    return all;
}

}  // namespace

std::string validation_text(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                            const ValidationSummary& summary) {
    return table_of(rows, outcomes) + "\n" + sentences(rows, outcomes, summary);
}

std::string validation_csv(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    std::string text =
        "id,model,dtype,batch_compiled,chips,cores_busy,workers_per_core,compiler,profile,status,published_throughput_"
        "inf_s,throughput_inf_s,"
        "throughput_low,throughput_high,throughput_error,latency_is,published_latency_ms_p50,latency_ms_p50,latency_"
        "error,"
        "error,closed_"
        "form_throughput_inf_s,"
        "closed_form_latency_ms,closed_form_error,main_stall,reason\n";
    const auto number = [](std::optional<double> x) { return x ? number_text(*x) : std::string(); };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& p = rows[i].published;
        const ValidationOutcome& o = outcomes[i];
        text += record::csv_line({p.id,
                                  p.model,
                                  p.dtype,
                                  number_text(std::int64_t{p.batch}),
                                  number_text(std::int64_t{p.chips}),
                                  number_text(std::int64_t{p.cores}),
                                  number_text(std::int64_t{p.workers}),
                                  p.compiler,
                                  o.profile,
                                  std::string(flow::comparison_name(o.status)),
                                  number(p.throughput),
                                  number(o.throughput),
                                  number(o.throughput_low),
                                  number(o.throughput_high),
                                  number(o.throughput_error),
                                  std::string(flow::latency_kind_name(p.latency_is)),
                                  number(p.latency_ms),
                                  number(o.latency_ms),
                                  number(o.latency_error),
                                  number(o.error),
                                  number(o.closed_throughput),
                                  number(o.closed_latency_ms),
                                  number(o.closed_error),
                                  o.main_stall,
                                  o.reason}) +
                "\n";
    }
    return text;
}

json::Value validation_json(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                            const ValidationSummary& s) {
    json::Array list;
    for (std::size_t i = 0; i < rows.size(); ++i) list.push_back(to_json(rows[i], outcomes[i]));
    json::Object summary{{"compared", std::int64_t{s.compared}},
                         {"skipped", std::int64_t{s.skipped}},
                         {"not_compared", std::int64_t{s.not_compared}}};
    if (s.compared > 0) {
        summary.set("mean_absolute_error", s.mean_absolute_error);
        summary.set("worst_error", s.worst_error);
        summary.set("worst_row", s.worst_id);
        summary.set("closed_form_mean_absolute_error", s.closed_mean_absolute_error);
        summary.set("closed_form_worst_error", s.closed_worst_error);
    }
    return json::Object{{"rows", std::move(list)}, {"summary", std::move(summary)}};
}

}  // namespace infsim::cli
