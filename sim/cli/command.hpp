// What every subcommand is made of.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "flow/point/setting.hpp"

namespace infsim::cli {

namespace po = boost::program_options;

/// Exit status of the executable.
/// kBeyondLimit: validate --max-error.
enum ExitStatus : int {
    kDone = 0,
    kBeyondLimit = 1,
    kInputError = 2,
    kDoesNotFit = 3,
    kInternalFault = 4,
    kInterrupted = 130
};

using Arguments = std::vector<std::string>;  ///< after the subcommand

int run_sweep_command(const Arguments& arguments);
int run_run_command(const Arguments& arguments);
int run_compile_command(const Arguments& arguments);
int run_validate_command(const Arguments& arguments);
int run_calibrate_command(const Arguments& arguments);
int run_uncertainty_command(const Arguments& arguments);
int run_sensitivity_command(const Arguments& arguments);
int run_diff_command(const Arguments& arguments);
int run_limits_command(const Arguments& arguments);
int run_serve_command(const Arguments& arguments);
int run_report_command(const Arguments& arguments);
int run_check_command(const Arguments& arguments);
int run_schema_command(const Arguments& arguments);
int run_keys_command(const Arguments& arguments);
/// Hidden; run by a sweep's worker processes: one request on stdin, one answer on stdout.
int run_worker_command(const Arguments& arguments);

/// Option groups as --help shows them, and the usage line.
struct Syntax {
    std::string usage;  ///< after "infsim ": "sweep SWEEP.json [options]"
    std::string about;  ///< a sentence or two
    std::vector<po::options_description> groups;
    po::options_description unlisted;  ///< accepted, but not shown by --help
    std::string positional;            ///< name of the option that takes positional words; may be empty
    int positional_count = -1;         ///< most positional words; -1: any number
};

/// Parses without guessing abbreviations. Empty after --help was printed to stdout. Throws InputError for unknown
/// or repeated options, missing and wrong values, with the option's name and a suggestion.
std::optional<po::variables_map> parse(const Syntax& syntax, const Arguments& arguments);

class Console;

/// --jobs, or `otherwise` if it is not given. A value out of range is a problem; a notice says if the machine has room
/// for fewer.
int jobs_of(const po::variables_map& values, int otherwise, Console& console, Problems& problems);
/// A worker process for each of them.
int processors();

/// The names in --columns, in its order; none if it is not given. Adds a problem for each name that is not `known`
/// (`listed` says where they are listed: "infsim sweep --help-columns"), and for --json or --csv together with it.
std::vector<std::string> columns_of(const po::variables_map& values, const std::vector<std::string>& known,
                                    const std::string& listed, Problems& problems);
/// The same for po::options_description: "columns".
void add_columns_option(po::options_description& group, const char* which);

}  // namespace infsim::cli
