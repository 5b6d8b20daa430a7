#include "cli/validate_report.hpp"

#include <algorithm>
#include <variant>

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

/// The colour of a row: failed, or not compared and why.
Ink ink_of(const ValidationOutcome& o) {
    if (o.status == Comparison::compared) return Ink::plain;
    return o.status == Comparison::failed ? Ink::bad : Ink::warning;
}

using Cell = std::variant<std::string, std::optional<double>>;

/// A column of --csv.
struct CsvColumn {
    const char* name;
    Cell (*cell)(const flow::PublishedRow&, const ValidationOutcome&);
};

Cell count(int n) { return number_text(std::int64_t{n}); }

using Published = flow::PublishedRow;
using Outcome = ValidationOutcome;

const std::vector<CsvColumn>& csv_columns() {
    static const std::vector<CsvColumn> columns{
        {"id", [](const Published& p, const Outcome&) -> Cell { return p.id; }},
        {"model", [](const Published& p, const Outcome&) -> Cell { return p.model; }},
        {"dtype", [](const Published& p, const Outcome&) -> Cell { return p.dtype; }},
        {"batch_compiled", [](const Published& p, const Outcome&) { return count(p.batch); }},
        {"chips", [](const Published& p, const Outcome&) { return count(p.chips); }},
        {"cores_busy", [](const Published& p, const Outcome&) { return count(p.cores); }},
        {"workers_per_core", [](const Published& p, const Outcome&) { return count(p.workers); }},
        {"compiler", [](const Published& p, const Outcome&) -> Cell { return p.compiler; }},
        {"profile", [](const Published&, const Outcome& o) -> Cell { return o.profile; }},
        {"status",
         [](const Published&, const Outcome& o) -> Cell { return std::string(flow::comparison_name(o.status)); }},
        {"published_throughput_inf_s", [](const Published& p, const Outcome&) -> Cell { return p.throughput; }},
        {"throughput_inf_s", [](const Published&, const Outcome& o) -> Cell { return o.throughput; }},
        {"throughput_low", [](const Published&, const Outcome& o) -> Cell { return o.throughput_low; }},
        {"throughput_high", [](const Published&, const Outcome& o) -> Cell { return o.throughput_high; }},
        {"throughput_error", [](const Published&, const Outcome& o) -> Cell { return o.throughput_error; }},
        {"latency_is",
         [](const Published& p, const Outcome&) -> Cell { return std::string(flow::latency_kind_name(p.latency_is)); }},
        {"published_latency_ms_p50", [](const Published& p, const Outcome&) -> Cell { return p.latency_ms; }},
        {"latency_ms_p50", [](const Published&, const Outcome& o) -> Cell { return o.latency_ms; }},
        {"latency_error", [](const Published&, const Outcome& o) -> Cell { return o.latency_error; }},
        {"error", [](const Published&, const Outcome& o) -> Cell { return o.error; }},
        {"closed_form_throughput_inf_s",
         [](const Published&, const Outcome& o) -> Cell { return o.closed_throughput; }},
        {"closed_form_latency_ms", [](const Published&, const Outcome& o) -> Cell { return o.closed_latency_ms; }},
        {"closed_form_error", [](const Published&, const Outcome& o) -> Cell { return o.closed_error; }},
        {"main_stall", [](const Published&, const Outcome& o) -> Cell { return o.main_stall; }},
        {"reason", [](const Published&, const Outcome& o) -> Cell { return o.reason; }},
    };
    return columns;
}

/// A cell with all digits, or with significant digits only.
std::string text_of(const Cell& cell, bool exact) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    const auto number = std::get<std::optional<double>>(cell);
    if (!number) return "";
    return exact ? number_text(*number) : rounded(*number);
}

std::string chosen_table(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                         const std::vector<std::string>& columns, const Paint& paint) {
    std::vector<std::string> names{"row"};
    names.insert(names.end(), columns.begin(), columns.end());
    Table table(names);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::string> cells{rows[i].published.id};
        for (const std::string& name : columns)
            for (const CsvColumn& c : csv_columns())
                if (c.name == name) {
                    const std::string text = text_of(c.cell(rows[i].published, outcomes[i]), false);
                    cells.push_back(text.empty() ? "-" : text);
                }
        table.add(std::move(cells), ink_of(outcomes[i]));
    }
    return table.text(paint);
}

std::string table_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                     const Paint& paint) {
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
        table.add(
            {p.id, p.model, number_text(std::int64_t{p.batch}), cores, number_text(std::int64_t{p.workers}),
             fixed(p.throughput, 1), compared ? fixed(o.throughput, 1) : std::string(flow::comparison_name(o.status)),
             error_text(o.throughput_error), fixed(p.latency_ms, 2), fixed(o.latency_ms, 2),
             error_text(o.latency_error), fixed(o.closed_throughput, 1), error_text(o.closed_error)},
            ink_of(o));
    }
    return wrapped("Items per second (w: workers per core), latency p50" + other + ".") + "\n" + table.text(paint);
}

/// What a row's error refers to, if the columns do not show it.
std::string device_time(const ValidationRow& row, const ValidationOutcome& o) {
    if (row.published.latency_is != flow::LatencyKind::device) return "";
    return fmt::format("device time {} ms, published {}: {}, which counts; ", fixed(o.latency_ms, 2),
                       fixed(row.published.latency_ms, 2), error_text(o.latency_error));
}

/// "a, b: text" for rows with the same text.
std::string told_once(const std::vector<std::pair<std::string, std::string>>& said) {
    std::vector<std::pair<std::string, std::vector<std::string>>> told;
    for (const auto& [id, what] : said) {
        auto at = std::find_if(told.begin(), told.end(), [&w = what](const auto& t) { return t.first == w; });
        if (at == told.end()) at = told.insert(told.end(), {what, {}});
        at->second.push_back(id);
    }
    std::string text;
    for (const auto& [what, ids] : told) text += wrapped(join(ids, ", ") + ": " + what) + "\n";
    return text;
}

std::string sentences(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                      const ValidationSummary& s) {
    std::vector<std::pair<std::string, std::string>> said;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ValidationOutcome& o = outcomes[i];
        const std::string id = rows[i].published.id;
        if (o.status == Comparison::compared)
            said.emplace_back(fmt::format("{} ({})", id, o.profile), device_time(rows[i], o) + o.main_stall + ".");
        else said.emplace_back(id, fmt::format("{}: {}", flow::comparison_name(o.status), o.reason));
    }
    std::string text = told_once(said) + "\n";
    const std::string compared = fmt::format("{} of {} rows compared, {} skipped.", s.compared, rows.size(), s.skipped);
    if (s.compared == 0) return text + compared + "\n";
    text += wrapped(fmt::format("{} Simulated: mean absolute error {}, worst {} ({}).", compared,
                                percent(s.mean_absolute_error), signed_percent(s.worst_error), s.worst_id)) +
            "\n";
    return text +
           wrapped(fmt::format("Closed form: mean absolute error {}, worst {}.", percent(s.closed_mean_absolute_error),
                               signed_percent(s.closed_worst_error))) +
           "\n";
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

std::vector<std::string> validation_columns() {
    std::vector<std::string> names;
    for (const CsvColumn& c : csv_columns()) names.emplace_back(c.name);
    return names;
}

std::string validation_text(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                            const ValidationSummary& summary, const std::vector<std::string>& columns,
                            const Paint& paint) {
    const std::string table =
        columns.empty() ? table_of(rows, outcomes, paint) : chosen_table(rows, outcomes, columns, paint);
    return table + "\n" + sentences(rows, outcomes, summary);
}

std::string validation_csv(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    std::string text = join(validation_columns(), ",") + "\n";
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<std::string> cells;
        for (const CsvColumn& c : csv_columns()) cells.push_back(text_of(c.cell(rows[i].published, outcomes[i]), true));
        text += record::csv_line(cells) + "\n";
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
