#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/point_options.hpp"
#include "cli/validate_report.hpp"
#include "cli/validation_runs.hpp"
#include "flow/point/paths.hpp"
#include "flow/validate/validate.hpp"

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
         "exit status 1 if the worst error is above P percent, or if a row that is not skipped was not compared")
        ("json", "print JSON instead of tables")
        ("csv", "print CSV instead of tables");
    // clang-format on
    add_columns_option(output, "print these columns of --csv after the row's id");
    return {
        "validate [FILE.csv] [options]",
        "Simulates every row of a table of published measurements and prints simulated against published\n"
        "throughput and latency. Default: the figures that the chip's constants were fitted to\n"
        "(tests/published/inf1_calibration.csv). The compiler column picks a pinned compiler profile\n"
        "(configs/validation.json), and an input such as seq8 gives the axis seq that extent. Rows whose network or\n"
        "input is missing are skipped. Error: simulated / published - 1, of the device time if it was published,\n"
        "else of the throughput, else of the latency. A column latency_is says what latency_ms_p50 holds if it is\n"
        "not the median: p90, p95, p99, mean or device (the chip's own time without the host). A closed form\n"
        "(roofline plus overlap) is printed next to the simulation. Columns: configs/README.md. A table.csv of\n"
        "`infsim sweep` is accepted as well, for instance to see what another chip would have given.\n",
        {running, output, common_group()},
        {},
        "file",
        1};
}

struct Asked {
    std::string file;
    flow::ValidationSettings settings;
    int jobs = 1;
    std::optional<double> max_error;  ///< as a share
    bool json = false, csv = false;
    std::vector<std::string> columns;
};

Asked asked_of(const po::variables_map& values, Console& console, Problems& problems) {
    Asked asked;
    asked.file =
        values.count("file") > 0 ? values["file"].as<std::vector<std::string>>().front() : flow::published_rows_path();
    if (values.count("chip") > 0) asked.settings.chip = values["chip"].as<std::string>();
    asked.settings.settings = settings_of(values, problems);
    asked.jobs = jobs_of(values, processors(), console, problems);
    if (values.count("max-error") > 0) {
        const double limit = values["max-error"].as<double>();
        if (!(limit >= 0) || std::isinf(limit))
            problems.add("", "--max-error", "must be a percentage of 0 or more, and is " + number_text(limit));
        asked.max_error = limit / 100;
    }
    asked.columns = columns_of(values, validation_columns(), "--csv prints them all", problems);
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
    Console console(*values);
    const Asked asked = asked_of(*values, console, problems);
    const auto names = flow::read_validation_names(flow::validation_names_path(), problems);
    const auto published = flow::read_published(asked.file, problems);
    problems.throw_if_any();
    const auto rows = flow::plan_validation(published, asked.file, names, asked.settings, problems);
    problems.throw_if_any();
    const auto judged = run_rows(rows, asked.jobs, &console.progress());
    if (!judged) return kInterrupted;
    const std::vector<ValidationOutcome>& outcomes = *judged;
    const ValidationSummary summary = flow::summary_of(rows, outcomes);
    if (asked.json) std::cout << json::dump(validation_json(rows, outcomes, summary)) << "\n";
    else if (asked.csv) std::cout << validation_csv(rows, outcomes);
    else std::cout << validation_text(rows, outcomes, summary, asked.columns, console.paint());
    if (std::any_of(outcomes.begin(), outcomes.end(), [](const auto& o) { return o.status == Comparison::failed; }))
        return kInternalFault;
    const bool beyond = asked.max_error && (std::abs(summary.worst_error) > *asked.max_error || summary.compared == 0 ||
                                            summary.not_compared > 0);
    return beyond ? kBeyondLimit : kDone;
}

}  // namespace infsim::cli
