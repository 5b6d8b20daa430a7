#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "base/check.hpp"
#include "base/counts.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/limits_report.hpp"
#include "cli/point_options.hpp"
#include "cli/table.hpp"
#include "explore/worker.hpp"
#include "explore/workers.hpp"
#include "flow/limits/limits.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using flow::Limits;

Syntax syntax() {
    po::options_description search("Search");
    // clang-format off
    search.add_options()
        ("max-batch", po::value<std::int64_t>()->value_name("N"), "end of the search (default 64); a limit there is \"N or more\"")
        ("latency-ms", po::value<double>()->value_name("X"), "also the largest batch whose latency (99th percentile) is at most X")
        ("compile-only", "leave out the limits that need simulations: best throughput and latency")
        ("no-levers", "leave out which changes would help; takes a fraction of the time")
        ("jobs,j", po::value<std::int64_t>()->value_name("N"), "simulations at a time, one process each (default 1)");
    // clang-format on
    po::options_description output("Output");
    output.add_options()("json", "print JSON (configs/schemas/limits.schema.json) instead of text");
    add_columns_option(output,
                       "print these columns of each limit's record (infsim sweep --help-columns explains them)");
    return {
        "limits MODEL [options]",
        "Finds the largest batch that fits without spilling, that fits at all, that has the best throughput and that\n"
        "meets a latency. For each it says why one more does not, and which changes would help; each such change has\n"
        "been compiled. Exit status 3 if not even one image fits.",
        {point_group(false), extents_group(), compiler_group(), neuron_group(), load_group(), search, output,
         common_group()},
        refused_group(),
        "model",
        1};
}

/// Thrown out of the search when the user interrupts it.
struct Interrupted {};

/// One worker process per request, because SystemC elaborates only once per process.
std::vector<record::RunRecord> simulate(const std::vector<flow::PointRequest>& requests, int jobs,
                                        explore::Progress& progress) {
    std::vector<std::string> inputs;
    for (const auto& r : requests) inputs.push_back(json::dump(flow::to_json(r), 0));
    std::vector<record::RunRecord> records(requests.size());
    const auto done = [&](std::size_t n, const explore::ProcessResult& result) {
        INFSIM_CHECK(result.good(), "a worker ended with " + result.ending() + ": " + std::string(trim(result.err)));
        auto answer = explore::parse_answer(result.out);
        if (!answer.problems.empty()) throw InputError(answer.problems);
        records[n] = std::move(answer.point.record);
        INFSIM_CHECK(records[n].status == record::Status::ok, "simulation of a program failed: " + records[n].reason);
        progress.step(fmt::format("simulated: B={} {} items/s, {} ms (p99)", requests[n].batch,
                                  fixed(records[n].throughput_avg, 0), fixed(records[n].latency_ms_p99, 2)));
    };
    if (!explore::run_workers({explore::own_executable(), "worker"}, inputs, jobs, done)) throw Interrupted{};
    return records;
}

/// What --columns asks for.
std::vector<std::string> checked_columns(const po::variables_map& values, Problems& problems) {
    if (values.count("columns") > 0 && values.count("compile-only") > 0)
        problems.add("", "--columns", "needs simulations, which --compile-only leaves out");
    return columns_of(values, record::names_of(record::columns()), "infsim sweep --help-columns lists them", problems);
}

flow::LimitsOptions options_of(const po::variables_map& values, Problems& problems) {
    flow::LimitsOptions options;
    if (values.count("max-batch") > 0) {
        const auto most = values["max-batch"].as<std::int64_t>();
        const std::string wrong = problem_with(most, {1, flow::kMaxBatch});
        if (!wrong.empty()) problems.add("", "--max-batch", wrong);
        options.most = static_cast<int>(most);
    }
    options.simulate = values.count("compile-only") == 0;
    options.levers = values.count("no-levers") == 0;
    if (values.count("latency-ms") > 0) {
        options.latency_ms = values["latency-ms"].as<double>();
        if (!(*options.latency_ms > 0 && *options.latency_ms < 1e9))
            problems.add("", "--latency-ms", "must be more than 0, and is " + number_text(*options.latency_ms));
        if (!options.simulate) problems.add("", "--latency-ms", "needs simulations, which --compile-only leaves out");
    }
    return options;
}

}  // namespace

int run_limits_command(const Arguments& arguments) {
    const auto values = parse(syntax(), arguments);
    if (!values) return kDone;
    Console console(*values);
    Problems problems;
    const flow::LimitsOptions options = options_of(*values, problems);
    const int jobs = jobs_of(*values, 1, console, problems);
    const auto columns = checked_columns(*values, problems);
    problems.throw_if_any();
    const flow::PointRequest request = request_of(*values);
    explore::Progress& progress = console.progress();
    flow::LimitsTools tools = flow::compiling_tools();
    tools.notice = console.notice();
    tools.say = [&](const std::string& what) { progress.step(what); };
    tools.answer = [&](const std::string& what) { progress.keep(wrapped(what)); };
    tools.simulate = [&](const auto& requests) { return simulate(requests, jobs, progress); };
    try {
        const Limits limits = flow::find_limits(request, options, tools);
        progress.finish();
        if (values->count("json") > 0) std::cout << json::dump(flow::to_json(limits)) << "\n";
        else std::cout << limits_text(limits, options, columns, console.paint());
        return limits.any.batch > 0 ? kDone : kDoesNotFit;
    } catch (const Interrupted&) {
        console.error("interrupted");
        return kInterrupted;
    }
}

}  // namespace infsim::cli
