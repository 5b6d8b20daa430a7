#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <thread>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "explore/points.hpp"
#include "explore/progress.hpp"
#include "flow/paths.hpp"
#include "flow/validate.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

using flow::Comparison;
using flow::ValidationOutcome;
using flow::ValidationRow;
using flow::ValidationSummary;

Syntax syntax() {
    po::options_description running("Running");
    // clang-format off
    running.add_options()
        ("chip", po::value<std::string>()->value_name("FILE"), "chip file (default configs/chips/inferentia1.json)")
        ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "replace a value of the chip file or of the compiler profiles; may be repeated, the last one wins")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default: one per processor)");
    po::options_description output("Output");
    output.add_options()
        ("max-error", po::value<double>()->value_name("P"),
         "exit status 1 where the worst error is above P percent, or a row that is not skipped was not compared")
        ("json", "print JSON instead of tables")
        ("csv", "print CSV instead of tables");
    // clang-format on
    return {
        "validate [FILE.csv] [options]",
        "Simulates every row of a table of published measurements and prints simulated against published\n"
        "throughput and latency. Default: the figures the chip's constants are fitted on\n"
        "(tests/published/inf1_calibration.csv). The compiler column picks a pinned compiler profile\n"
        "(configs/validation.json), and an input such as seq8 gives the axis seq that extent. Rows whose network or\n"
        "input is not there are skipped. Error: simulated / published - 1, of the throughput where that was\n"
        "published, else of the latency. Beside it a closed form (roofline plus overlap).\n",
        {running, output, help_group()},
        {},
        "file",
        1};
}

std::string signed_percent(std::optional<double> error) { return error ? fmt::format("{:+.1f} %", 100 * *error) : "-"; }

std::string table_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    Table table({"row", "network", "B", "cores", "w", "published", "simulated", "error", "publ. ms", "sim. ms",
                 "error ms", "closed form", "error cf"});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& p = rows[i].published;
        const ValidationOutcome& o = outcomes[i];
        const std::string cores =
            p.chips == 1 ? number_text(std::int64_t{p.cores})
                         : number_text(std::int64_t{p.cores}) + "/" + number_text(std::int64_t{p.chips}) + " chips";
        const bool compared = o.status == Comparison::compared;
        table.add({p.id, p.model, number_text(std::int64_t{p.batch}), cores, number_text(std::int64_t{p.workers}),
                   fixed(p.throughput, 1),
                   compared ? fixed(o.throughput, 1) : std::string(flow::comparison_name(o.status)),
                   signed_percent(o.throughput_error), fixed(p.latency_ms, 2), fixed(o.latency_ms, 2),
                   signed_percent(o.latency_error), fixed(o.closed_throughput, 1), signed_percent(o.closed_error)});
    }
    return "Items per second (w: workers per core), latency p50.\n" + table.text();
}

std::string sentences(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
                      const ValidationSummary& s) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ValidationOutcome& o = outcomes[i];
        const std::string id = rows[i].published.id;
        if (o.status == Comparison::compared) text += fmt::format("{} ({}): {}.\n", id, o.profile, o.main_stall);
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

std::string csv_of(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes) {
    std::string text =
        "id,model,dtype,batch_compiled,chips,cores_busy,workers_per_core,compiler,profile,status,published_throughput_"
        "inf_s,throughput_inf_s,"
        "throughput_low,throughput_high,throughput_error,published_latency_ms_p50,latency_ms_p50,latency_error,closed_"
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
                                  number(p.latency_ms),
                                  number(o.latency_ms),
                                  number(o.latency_error),
                                  number(o.closed_throughput),
                                  number(o.closed_latency_ms),
                                  number(o.closed_error),
                                  o.main_stall,
                                  o.reason}) +
                "\n";
    }
    return text;
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
    set_if(published, "latency_ms_p50", p.latency_ms);
    all.set("published", published);
    if (!o.reason.empty()) all.set("reason", o.reason);
    if (o.status != Comparison::compared) return all;
    all.set("profile", o.profile);
    set_if(simulated, "throughput_inf_s", o.throughput);
    set_if(simulated, "throughput_low", o.throughput_low);
    set_if(simulated, "throughput_high", o.throughput_high);
    set_if(simulated, "latency_ms_p50", o.latency_ms);
    simulated.set("main_stall", o.main_stall);
    set_if(simulated, "throughput_error", o.throughput_error);
    set_if(simulated, "latency_error", o.latency_error);
    all.set("simulated", simulated);
    set_if(closed, "throughput_inf_s", o.closed_throughput);
    set_if(closed, "latency_ms_p50", o.closed_latency_ms);
    set_if(closed, "error", o.closed_error);
    all.set("closed_form", closed);
    return all;
}

json::Value to_json(const std::vector<ValidationRow>& rows, const std::vector<ValidationOutcome>& outcomes,
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

/// Records of every row's groups; empty when interrupted.
std::optional<std::vector<std::vector<record::RunRecord>>> run_rows(const std::vector<ValidationRow>& rows, int jobs) {
    std::vector<flow::PointRequest> requests;
    std::vector<record::RunRecord> prepared;
    std::vector<std::string> labels;
    for (const ValidationRow& row : rows)
        for (const flow::ChipGroup& group : row.groups) {
            requests.push_back(group.request);
            prepared.push_back(group.prepared);
            labels.push_back(row.published.id);
        }
    explore::Progress progress(std::cerr, ::isatty(STDERR_FILENO) != 0);
    progress.start(requests.size(), 0);
    const auto records =
        explore::run_points(requests, prepared, {explore::own_executable(), "worker"}, jobs,
                            [&](std::size_t n, const record::RunRecord& r) {
                                progress.step(labels[n] + ": " +
                                              (r.throughput_avg ? fixed(r.throughput_avg, 0) + " items/s per chip"
                                                                : std::string(record::status_name(r.status))));
                            });
    progress.finish();
    if (!records) return std::nullopt;
    std::vector<std::vector<record::RunRecord>> by_row;
    auto next = records->begin();
    for (const ValidationRow& row : rows) {
        by_row.emplace_back(next, next + static_cast<std::ptrdiff_t>(row.groups.size()));
        next += static_cast<std::ptrdiff_t>(row.groups.size());
    }
    return by_row;
}

struct Asked {
    std::string file;
    flow::ValidationSettings settings;
    int jobs = 1;
    std::optional<double> max_error;  ///< as a share
    bool json = false, csv = false;
};

Asked asked_of(const po::variables_map& values, Problems& problems) {
    Asked asked;
    asked.file =
        values.count("file") > 0 ? values["file"].as<std::vector<std::string>>().front() : flow::published_rows_path();
    if (values.count("chip") > 0) asked.settings.chip = values["chip"].as<std::string>();
    asked.settings.settings = settings_of(values, problems);
    const auto integer = [&](const char* name, std::int64_t fallback, std::int64_t most) {
        const std::int64_t n = values.count(name) > 0 ? values[name].as<std::int64_t>() : fallback;
        if (n < 1 || n > most)
            problems.add("", std::string("--") + name,
                         "must be from 1 to " + number_text(most) + ", and is " + number_text(n));
        return static_cast<int>(std::clamp<std::int64_t>(n, 1, most));
    };
    asked.jobs = integer("jobs", std::max(1U, std::thread::hardware_concurrency()), 1024);
    if (values.count("max-error") > 0) {
        const double limit = values["max-error"].as<double>();
        if (!(limit >= 0) || std::isinf(limit))
            problems.add("", "--max-error", "must be a number of percent, 0 or more, and is " + number_text(limit));
        asked.max_error = limit / 100;
    }
    asked.json = values.count("json") > 0;
    asked.csv = values.count("csv") > 0;
    if (asked.json && asked.csv) problems.add("", "--csv", "contradicts --json; leave out one of the two");
    return asked;
}

}  // namespace

int run_validate_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Problems problems;
    const Asked asked = asked_of(*values, problems);
    const auto names = flow::read_validation_names(flow::validation_names_path(), problems);
    const auto published = flow::read_published(asked.file, problems);
    problems.throw_if_any();
    const auto rows = flow::plan_validation(published, asked.file, names, asked.settings, problems);
    problems.throw_if_any();
    const auto records = run_rows(rows, asked.jobs);
    if (!records) return kInterrupted;
    std::vector<ValidationOutcome> outcomes;
    for (std::size_t i = 0; i < rows.size(); ++i) outcomes.push_back(flow::judge_row(rows[i], (*records)[i]));
    const ValidationSummary summary = flow::summary_of(rows, outcomes);
    if (asked.json) std::cout << json::dump(to_json(rows, outcomes, summary)) << "\n";
    else if (asked.csv) std::cout << csv_of(rows, outcomes);
    else std::cout << table_of(rows, outcomes) << "\n" << sentences(rows, outcomes, summary);
    if (std::any_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.status == Comparison::failed; }))
        return kInternalFault;
    const bool beyond = asked.max_error && (std::abs(summary.worst_error) > *asked.max_error || summary.compared == 0 ||
                                            summary.not_compared > 0);
    return beyond ? kBeyondLimit : kDone;
}

}  // namespace infsim::cli
