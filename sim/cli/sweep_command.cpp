#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include <fmt/format.h>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/limits_sweep_report.hpp"
#include "cli/objectives_report.hpp"
#include "cli/point_options.hpp"
#include "cli/serve_report.hpp"
#include "cli/sweep_summary.hpp"
#include "cli/table.hpp"
#include "explore/limits_sweep.hpp"
#include "explore/measure.hpp"
#include "explore/open_batch.hpp"
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
         "folder for results, which a later run resumes from (default results/NAME)")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes at a time (default 1)")
        ("point-timeout", po::value<std::string>()->value_name("TIME"),
         "give up points that take longer, such as 90s; their status is timeout (default: no limit)")
        ("point-memory", po::value<std::string>()->value_name("BYTES"),
         "give up points that need more memory, such as 2GiB; their status is out_of_memory (default: no limit)")
        ("dry-run", "check every point and print how many there are and how many DIR lacks, without running any")
        ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "replace a base value, or the values of an axis by one value or a JSON array; may be repeated");
    // clang-format on
    po::options_description output("Output");
    // clang-format off
    output.add_options()
        ("format", po::value<std::string>()->value_name("F"),
         "format of the table: csv (default, DIR/table.csv) or sqlite (DIR/table.sqlite)")
        ("json", "print records and summary as JSON instead of the table")
        ("help-columns", "print name, unit and meaning of every column of the table and exit");
    // clang-format on
    add_columns_option(output, "print these columns of the table after the axes");
    return {"sweep SWEEP.json [options]",
            "Runs every point of a sweep that DIR lacks, one process each. Writes DIR/table.csv with its description\n"
            "DIR/table.columns.json. Prints the table, the knee, the largest batch that fits and why one more does\n"
            "not, and the batches at which layers stop being bound by DRAM.",
            {running, price_group(), output, common_group()},
            {},
            "sweep",
            1};
}

json::Value to_json(const explore::Sweep& sweep, const explore::SweepResult& result, const std::string& folder) {
    return json::Object{{"question", sweep.question},
                        {"folder", folder},
                        {"points", rows_json(sweep, result.rows)},
                        {"summary", sweep_summary_json(sweep, result)}};
}

std::string table_path(const explore::SweepOptions& options) {
    return options.folder + (options.format == explore::TableFormat::csv ? "/table.csv" : "/table.sqlite");
}

/// The script that plots this sweep: a map if there are two more axes besides the batch and the network.
std::string picture_script(const explore::Sweep& sweep) {
    const auto axes = std::count_if(sweep.axes.begin(), sweep.axes.end(), [](const explore::Axis& axis) {
        return !axis.zipped && axis.key != "batch" && axis.key != "model";
    });
    return axes >= 2 ? "plot_map" : "plot_sweep";
}

/// How the table is printed.
struct Look {
    std::vector<std::string> columns;
    bool json = false;
};

void print(const explore::Sweep& sweep, const explore::SweepResult& result, const explore::SweepOptions& options,
           const Look& look, const Paint& paint) {
    const std::string& folder = options.folder;
    const std::string sentences = sweep_sentences(sweep, result, paint);
    std::cout << wrapped(sweep.question) << "\n\n"
              << sweep_table(sweep, result, look.columns, knees_of(sweep, result), paint) << "\n";
    if (!sentences.empty()) std::cout << sentences << "\n";
    const std::string found = objective_sentences(sweep, result);
    if (!found.empty()) std::cout << found << "\n";
    std::cout << "Table: " << table_path(options) << "\nLayers of each point: " << folder << "/points/*/layers.csv\n"
              << "Plots, PNG and SVG: scripts/" << picture_script(sweep) << ".py " << folder << " draws them there\n";
}

/// A sweep of scenarios: one row per scenario, in table order.
int run_serving_sweep(const explore::Sweep& sweep, const explore::SweepOptions& options, const Look& look,
                      Console& console) {
    std::vector<explore::ServingRow> rows;
    try {
        rows = explore::run_serving_sweep(sweep, options, console.progress());
    } catch (const explore::Interrupted&) {
        console.error("interrupted; the service times measured so far are in " + options.folder + "/service");
        return kInterrupted;
    }
    if (look.json) std::cout << json::dump(serving_rows_json(sweep, rows, options.folder)) << "\n";
    else
        std::cout << wrapped(sweep.question) << "\n\n"
                  << serving_rows_text(sweep, rows, look.columns, console.paint()) << "\nTable: " << table_path(options)
                  << "\nPlots, PNG and SVG: scripts/plot_serving.py " << options.folder << " draws them there\n";
    return kDone;
}

/// A sweep that searches for limits: one row per cell, in table order.
int run_limits_sweep(const explore::Sweep& sweep, const explore::SweepOptions& options, const Look& look,
                     Console& console) {
    const explore::LimitsSweepResult result = explore::run_limits_sweep(sweep, options, console.progress());
    if (result.interrupted) {
        console.error("interrupted; the cells that finished are in " + options.folder +
                      "/limits, the same command goes on from there");
        return kInterrupted;
    }
    if (look.json) std::cout << json::dump(limits_rows_json(sweep, result.rows, options.folder)) << "\n";
    else
        std::cout << wrapped(sweep.question) << "\n\n"
                  << limits_rows_text(sweep, result.rows, look.columns, console.paint())
                  << "\nTable: " << table_path(options) << "\nCertificates of each cell: " << options.folder
                  << "/limits/*.json\nPlots, PNG and SVG: scripts/plot_limits.py " << options.folder
                  << " draws them there\n";
    return limits_status(result.rows, console);
}

/// The columns of --columns.
std::vector<std::string> checked_columns(const po::variables_map& values, const explore::Sweep& sweep,
                                         Problems& problems) {
    const auto names = explore::is_serving(sweep)                         ? record::names_of(record::serving_columns())
                       : sweep.method.measure == explore::Measure::limits ? record::names_of(record::limits_columns())
                                                                          : record::names_of(record::columns());
    return columns_of(values, names, "infsim sweep --help-columns lists them", problems);
}

explore::TableFormat format_of(const po::variables_map& values, Problems& problems) {
    const std::string name = values.count("format") > 0 ? values["format"].as<std::string>() : "csv";
    if (name != "csv" && name != "sqlite") problems.add("", "--format", "must be csv or sqlite, and is '" + name + "'");
    return name == "sqlite" ? explore::TableFormat::sqlite : explore::TableFormat::csv;
}

template <class Q>
std::optional<Q> limit_of(const po::variables_map& values, const std::string& name, Problems& problems) {
    if (values.count(name) == 0) return std::nullopt;
    const auto parsed = parse_quantity<Q>(values[name].as<std::string>());
    if (!parsed) problems.add("", "--" + name, parsed.error);
    else if (parsed.value->count() <= 0) problems.add("", "--" + name, "must be above 0");
    return parsed.value;
}

/// Prints the answer of --dry-run. Nothing is run or written.
void print_census(const explore::Census& census, const std::string& folder, bool as_json) {
    if (as_json) {
        std::cout << json::dump(json::Object{{"points", static_cast<std::int64_t>(census.points)},
                                             {"different", static_cast<std::int64_t>(census.different)},
                                             {"stored", static_cast<std::int64_t>(census.stored)}})
                  << "\n";
        return;
    }
    std::cout << census.points << " points, ";
    if (census.different != census.points) std::cout << census.different << " of them different, ";
    std::cout << "all good; " << census.stored << " are in " << folder << " already, "
              << census.different - census.stored << " would run\n";
}

int dry_run(const explore::Sweep& sweep, const explore::SweepOptions& options, bool as_json, Console& console) {
    Problems problems;
    flow::ModelCache models(console.notice());
    if (explore::is_serving(sweep)) {
        const std::size_t points = explore::plan_points(sweep, models, problems).size();
        problems.throw_if_any();
        print_census({points, points, 0}, options.folder, as_json);
        return kDone;
    }
    const bool limits = sweep.method.measure == explore::Measure::limits;
    const explore::Census census = limits ? explore::count_cells(sweep, options.folder, models, problems)
                                          : explore::count_points(sweep, options.folder, models, problems);
    problems.throw_if_any();
    print_census(census, options.folder, as_json);
    if (sweep.method.then.simulate_front && !as_json)
        std::cout << "each by estimate; those on the front are simulated afterwards\n";
    if (explore::goes_to_limit(sweep) && !as_json)
        std::cout << "each at batch 1; their other batches are found while the sweep runs\n";
    return kDone;
}

/// Lists the failed points and says how many were given up.
int exit_status(const explore::SweepResult& result, Console& console) {
    using record::Status;
    std::map<Status, std::size_t> count;
    for (const explore::SweepRow& row : result.rows) {
        ++count[row.record.status];
        if (row.record.status == Status::failed)
            console.error("failed: point " + row.record.point_id + ": " + row.record.reason);
    }
    for (const Status status : {Status::timeout, Status::out_of_memory})
        if (count[status] > 0)
            console.error(fmt::format(
                "{}: {} given up; the same command with a higher limit runs them again", record::status_name(status),
                count[status] == 1 ? "1 point was"
                                   : number_text(static_cast<std::int64_t>(count[status])) + " points were"));
    return count[Status::failed] > 0 ? kInternalFault : kDone;
}

}  // namespace

int run_sweep_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    if (values->count("help-columns") > 0) {
        std::cout << record::column_manual() << "\nA sweep of scenarios:\n"
                  << record::serving_column_manual() << "\nA sweep with \"measure\": \"limits\":\n"
                  << record::manual_of(record::limits_columns());
        return kDone;
    }
    Console console(*values);
    if (values->count("sweep") == 0) throw InputError("", "SWEEP.json", "is missing");
    Problems problems;
    const auto settings = settings_of(*values, problems);
    const int jobs = jobs_of(*values, 1, console, problems);
    const explore::TableFormat format = format_of(*values, problems);
    const auto sweep =
        explore::read_sweep((*values)["sweep"].as<std::vector<std::string>>().front(), settings, problems);
    explore::SweepOptions options;
    options.running.limits.time = limit_of<Duration>(*values, "point-timeout", problems);
    options.running.limits.memory = limit_of<Bytes>(*values, "point-memory", problems);
    for (const char* const name : {"point-timeout", "point-memory"})
        if (values->count(name) > 0 && sweep && explore::is_serving(*sweep))
            problems.add("", std::string("--") + name, "is for sweeps of points, and this one is of scenarios");
    const Look look{sweep ? checked_columns(*values, *sweep, problems) : std::vector<std::string>{},
                    values->count("json") > 0};
    problems.throw_if_any();

    options.prices = prices_of(*values);
    options.folder = values->count("out") > 0 ? (*values)["out"].as<std::string>() : "results/" + sweep->name;
    options.running.jobs = jobs;
    options.running.worker_command = {explore::own_executable(), "worker"};
    options.format = format;
    if (values->count("dry-run") > 0) return dry_run(*sweep, options, look.json, console);
    if (explore::is_serving(*sweep)) return run_serving_sweep(*sweep, options, look, console);
    if (sweep->method.measure == explore::Measure::limits) return run_limits_sweep(*sweep, options, look, console);
    const explore::SweepResult result = explore::run_sweep(*sweep, options, console.progress());
    if (result.interrupted) {
        console.error("interrupted; the points that finished are in " + options.folder +
                      ", the same command goes on from there");
        return kInterrupted;
    }
    if (look.json) std::cout << json::dump(to_json(*sweep, result, options.folder)) << "\n";
    else print(*sweep, result, options, look, console.paint());
    return exit_status(result, console);
}

}  // namespace infsim::cli
