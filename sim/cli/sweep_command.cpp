#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/objectives_report.hpp"
#include "cli/point_options.hpp"
#include "cli/serve_report.hpp"
#include "cli/sweep_summary.hpp"
#include "cli/table.hpp"
#include "explore/measure.hpp"
#include "explore/process.hpp"
#include "explore/serving_sweep.hpp"
#include "explore/sweep.hpp"
#include "explore/table.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

Syntax syntax() {
    po::options_description running("Running");
    // clang-format off
    running.add_options()
        ("out", po::value<std::string>()->value_name("DIR"),
         "where results go and are resumed from (default results/NAME)")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default 1)")
        ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "replace a base value, or the values of an axis by one or a JSON array of them; may be repeated");
    // clang-format on
    po::options_description output("Output");
    // clang-format off
    output.add_options()
        ("json", "print records and summary as JSON instead of the table")
        ("help-columns", "print name, unit and meaning of every column of table.csv and exit");
    // clang-format on
    return {"sweep SWEEP.json [options]",
            "Runs every point of a sweep that DIR lacks, one process each, writes DIR/table.csv and prints the "
            "table,\n"
            "the knee, the largest batch with the reason why one more does not fit, and where layers leave DRAM.",
            {running, price_group(), output, help_group()},
            {},
            "sweep",
            1};
}

json::Value to_json(const explore::Sweep& sweep, const explore::SweepResult& result, const std::string& folder) {
    json::Array records;
    for (const explore::SweepRow& row : result.rows) {
        json::Object axes;
        for (std::size_t a = 0; a < sweep.axes.size(); ++a) axes.set(sweep.axes[a].key, row.axis_values[a]);
        records.push_back(json::Object{{"axes", std::move(axes)}, {"record", record::to_object(row.record)}});
    }
    return json::Object{{"question", sweep.question},
                        {"folder", folder},
                        {"points", std::move(records)},
                        {"summary", sweep_summary_json(sweep, result)}};
}

void print(const explore::Sweep& sweep, const explore::SweepResult& result, const std::string& folder) {
    const std::string sentences = sweep_sentences(sweep, result);
    std::cout << wrapped(sweep.question) << "\n\n" << sweep_table(sweep, result) << "\n";
    if (!sentences.empty()) std::cout << sentences << "\n";
    const std::string found = objective_sentences(sweep, result);
    if (!found.empty()) std::cout << found << "\n";
    std::cout << "Table: " << folder << "/table.csv\nLayers of each point: " << folder << "/points/*/layers.csv\n"
              << "Pictures, PNG and SVG: scripts/"
              << (explore::extra_axes(sweep).size() >= 2 ? "plot_map" : "plot_sweep") << ".py " << folder
              << " draws them there\n";
}

/// A sweep of scenarios: one row per scenario, in table order.
int run_serving_sweep(const explore::Sweep& sweep, const explore::SweepOptions& options, explore::Progress& progress,
                      bool as_json) {
    std::vector<explore::ServingRow> rows;
    try {
        rows = explore::run_serving_sweep(sweep, options, progress);
    } catch (const explore::Interrupted&) {
        std::cerr << "interrupted; the service times that were measured are in " << options.folder << "/service\n";
        return kInterrupted;
    }
    if (as_json) std::cout << json::dump(serving_rows_json(sweep, rows, options.folder)) << "\n";
    else
        std::cout << wrapped(sweep.question) << "\n\n"
                  << serving_rows_text(sweep, rows) << "\nTable: " << options.folder
                  << "/table.csv\nPictures, PNG and SVG: scripts/plot_serving.py " << options.folder
                  << " draws them there\n";
    return kDone;
}

int exit_status(const explore::SweepResult& result) {
    const bool failed = std::any_of(result.rows.begin(), result.rows.end(), [](const explore::SweepRow& row) {
        return row.record.status == record::Status::failed;
    });
    if (!failed) return kDone;
    for (const explore::SweepRow& row : result.rows)
        if (row.record.status == record::Status::failed)
            std::cerr << "failed: point " << row.record.point_id << ": " << row.record.reason << "\n";
    return kInternalFault;
}

}  // namespace

int run_sweep_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    if (values->count("help-columns") > 0) {
        std::cout << record::column_manual() << "\nA sweep of scenarios:\n" << record::serving_column_manual();
        return kDone;
    }
    if (values->count("sweep") == 0) throw InputError("", "SWEEP.json", "is missing");
    Problems problems;
    const auto settings = settings_of(*values, problems);
    const int jobs = jobs_of(*values, 1, problems);
    const auto sweep =
        explore::read_sweep((*values)["sweep"].as<std::vector<std::string>>().front(), settings, problems);
    problems.throw_if_any();

    explore::SweepOptions options;
    options.prices = prices_of(*values);
    options.folder = values->count("out") > 0 ? (*values)["out"].as<std::string>() : "results/" + sweep->name;
    options.running.jobs = jobs;
    options.running.worker_command = {explore::own_executable(), "worker"};
    explore::Progress progress(std::cerr, ::isatty(STDERR_FILENO) != 0);
    if (explore::is_serving(*sweep)) return run_serving_sweep(*sweep, options, progress, values->count("json") > 0);
    const explore::SweepResult result = explore::run_sweep(*sweep, options, progress);
    if (result.interrupted) {
        std::cerr << "interrupted; the points that finished are in " << options.folder
                  << ", the same command goes on from there\n";
        return kInterrupted;
    }
    if (values->count("json") > 0) std::cout << json::dump(to_json(*sweep, result, options.folder)) << "\n";
    else print(*sweep, result, options.folder);
    return exit_status(result);
}

}  // namespace infsim::cli
