#include <cmath>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "base/output_file.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/serve_report.hpp"
#include "cli/table.hpp"
#include "explore/measure.hpp"
#include "explore/process.hpp"
#include "record/serving_record.hpp"

namespace infsim::cli {

namespace {

using flow::ServingPlan;
using flow::ServingResult;
using serving::Scenario;
using serving::SetResult;

volatile std::sig_atomic_t interrupted = 0;

Syntax syntax() {
    po::options_description running("Running");
    // clang-format off
    running.add_options()
        ("out", po::value<std::string>()->value_name("DIR"),
         "folder for results and measured service times (default results/NAME of the scenario)")
        ("times", po::value<std::string>()->value_name("DIR"),
         "folder where service times are stored and reused; scenarios can share it (default DIR/service)")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "worker processes for measurements (default 1)")
        ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE")->composing(),
         "replace a value of the scenario, such as load.rate=500 or server.batches=[1,4], or of the chip or compiler "
         "file, such as chip.dram.channels=1; may be repeated, the last one wins");
    // clang-format on
    po::options_description output("Output");
    // clang-format off
    output.add_options()
        ("json", "print JSON instead of tables")
        ("help-columns", "print name, unit and meaning of every column of serving.csv and exit");
    // clang-format on
    add_columns_option(output, "print these columns instead: of serving.csv, or of a search's table");
    return {
        "serve SCENARIO.json [options]",
        "Simulates requests that arrive at a server, a batching policy and cores that execute batches. Prints tail\n"
        "latency, throughput, padding and a verdict, or searches for the highest load within a bound. Service times\n"
        "of batches are measured on the simulated chip when first needed, and stored. Schema:\n"
        "configs/schemas/scenario.schema.json.",
        {running, price_group(), output, common_group()},
        {},
        "scenario",
        1};
}

/// Writes the results into the folder. Nothing is written before everything is known.
void write_results(const std::string& folder, const ServingPlan& plan, const Scenario& scenario,
                   const ServingResult& result, const json::Object& report) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw InputError(folder, "", "cannot make this folder: " + error.message());
    const auto record = flow::record_of(plan, scenario, result);
    write_file_atomic(folder + "/serving.csv",
                      record::serving_csv_header() + "\n" + record::serving_csv_row(record) + "\n");
    write_file_atomic(folder + "/queue.csv", queue_csv(result.tally));
    write_file_atomic(folder + "/report.json", json::dump(report) + "\n");
}

int does_not_fit(const ServingPlan& plan, const std::string& reason, bool as_json, Console& console) {
    if (as_json)
        std::cout << json::dump(json::Object{{"record", record::to_object(flow::infeasible_record(plan, reason))}})
                  << "\n";
    console.error("does not fit: " + reason);
    return kDoesNotFit;
}

json::Value sizes_json(const std::vector<int>& sizes) {
    json::Array all;
    for (int size : sizes) all.emplace_back(size);
    return all;
}

/// The results of a search, best first.
std::vector<SetResult> search(const ServingPlan& plan, flow::ServiceTables& tables, explore::Progress& progress,
                              const serving::ProgressCallback& callback) {
    const serving::Search& what = *plan.scenario.search;
    const auto sets = what.candidates.empty() ? std::vector<std::vector<int>>{plan.scenario.run.server.sizes}
                                              : serving::sets_of(what.candidates, what.at_most);
    if (sets.size() > serving::kMaxSets)
        throw InputError(plan.scenario.file, "/search/at_most",
                         "gives " + std::to_string(sets.size()) + " sets; at most " +
                             std::to_string(serving::kMaxSets) + " are tried");
    std::vector<SetResult> results;
    progress.start(sets.size(), 0);
    for (const auto& sizes : sets) {
        results.push_back({sizes, {}, flow::why_not(plan, tables, flow::held(plan, sizes))});
        if (!results.back().excluded.empty()) continue;
        const auto scenario =
            what.candidates.empty() ? std::optional{plan.scenario} : serving::with_sizes(plan.scenario, sizes);
        if (!scenario) {
            results.back().excluded = "the policy does not split requests, and some are larger";
            continue;
        }
        results.back().peak = serving::find_peak(
            *scenario, [&](const Scenario& s) { return flow::serve_on_table(plan, s, tables, callback).summary; });
        progress.step("batches " + json::dump(sizes_json(sizes), 0) + ": " +
                      (results.back().peak.rate ? rate_text(*results.back().peak.rate) + " requests/s"
                                                : "no load meets the bound"));
    }
    progress.finish();
    serving::rank(results, what.tolerance);
    return results;
}

struct Options {
    std::string folder, times;
    int jobs = 1;
    bool as_json = false;
    std::vector<std::string> columns;
};

int serve_searching(const ServingPlan& plan, flow::ServiceTables& tables, const Options& options, Console& console,
                    const serving::ProgressCallback& callback) {
    explore::Progress searching = console.progress();  // tables measure in between
    const auto results = search(plan, tables, searching, callback);
    if (results.front().excluded.empty()) {
        if (options.as_json) std::cout << json::dump(search_json(plan, results)) << "\n";
        else
            std::cout << (plan.scenario.question.empty() ? "" : wrapped(plan.scenario.question) + "\n\n")
                      << search_text(plan, results, options.columns, console.paint());
        return kDone;
    }
    return does_not_fit(plan, results.front().excluded, options.as_json, console);
}

/// Whether to simulate the chip itself, and the load as a share of the capacity, if measured times give it.
Scenario with_backend(const ServingPlan& plan, std::optional<double> load) {
    Scenario scenario = plan.scenario;
    if (scenario.live == serving::Live::near_capacity)
        scenario.live = load && *load > flow::kTrustedLoad ? serving::Live::yes : serving::Live::no;
    return scenario;
}

int serve(const ServingPlan& plan, const Options& options, Console& console) {
    Scenario scenario = plan.scenario;
    std::optional<double> load;
    const serving::ProgressCallback callback = [](std::int64_t) {
        if (interrupted != 0) throw explore::Interrupted{};
    };
    std::optional<ServingResult> result;
    if (scenario.live != serving::Live::yes) {
        flow::ServiceTables tables(
            plan.programs, plan.chip.dram.channels, plan.chip.cores, flow::ServiceStore(options.times),
            explore::measure_in_workers({explore::own_executable(), "worker"}, options.jobs, console.progress()));
        tables.prepare();
        if (scenario.search) return serve_searching(plan, tables, options, console, callback);
        const std::string reason = flow::why_not(plan, tables, flow::held(plan, scenario.run.server.sizes));
        if (!reason.empty()) return does_not_fit(plan, reason, options.as_json, console);
        load = flow::offered_load(plan, scenario, tables);
        scenario = with_backend(plan, load);
        if (scenario.live == serving::Live::no) result = flow::serve_on_table(plan, scenario, tables, callback);
    }
    if (!result) {
        std::string reason;
        result = flow::serve_live(plan, reason, callback);
        if (!result) return does_not_fit(plan, reason, options.as_json, console);
    }
    result->offered_load = load;
    const json::Object report = serve_json(plan, scenario, *result);
    write_results(options.folder, plan, scenario, *result, report);
    if (options.as_json) std::cout << json::dump(report) << "\n";
    else if (!options.columns.empty())
        std::cout << serving_record_table(flow::record_of(plan, scenario, *result), options.columns);
    else
        std::cout << serve_text(plan, scenario, *result, console.paint()) << "\n"
                  << wrapped("Files: " + options.folder +
                             "/serving.csv, queue.csv (queue length over time), report.json")
                  << "\n";
    return kDone;
}

}  // namespace

int run_serve_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    if (values->count("help-columns") > 0) {
        std::cout << record::serving_column_manual();
        return kDone;
    }
    Console console(*values);
    if (values->count("scenario") == 0) throw InputError("", "SCENARIO.json", "is missing");
    Problems problems;
    const auto settings = settings_of(*values, problems);
    const int jobs = jobs_of(*values, 1, console, problems);
    flow::ModelCache models(console.notice());
    auto plan =
        flow::plan_serving((*values)["scenario"].as<std::vector<std::string>>().front(), settings, models, problems);
    Options options;
    if (plan)
        options.columns =
            columns_of(*values, plan->scenario.search ? search_columns() : record::names_of(record::serving_columns()),
                       plan->scenario.search ? "a search has " + join(search_columns(), ", ")
                                             : "infsim serve --help-columns lists them",
                       problems);
    problems.throw_if_any();
    plan->price = flow::price_of(prices_of(*values), plan->chip.name);
    options.folder = values->count("out") > 0 ? (*values)["out"].as<std::string>() : "results/" + plan->scenario.name;
    options.times = values->count("times") > 0 ? (*values)["times"].as<std::string>() : options.folder + "/service";
    options.jobs = jobs;
    options.as_json = values->count("json") > 0;
    check_output_folder(options.folder);
    check_output_folder(options.times);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { interrupted = 1; });
    try {
        return serve(*plan, options, console);
    } catch (const explore::Interrupted&) {
        console.error("interrupted; the service times measured so far are in " + options.times);
        return kInterrupted;
    }
}

}  // namespace infsim::cli
