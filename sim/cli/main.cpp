// infsim: dispatches to its subcommands and turns exceptions into messages and an exit status.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/table.hpp"
#include "flow/point/point.hpp"

namespace infsim::cli {

namespace {

struct Command {
    const char* name;
    int (*run)(const Arguments&);
    const char* about;  ///< empty: hidden
};

constexpr std::array<Command, 15> kCommands{{
    {"sweep", run_sweep_command, "run every point of a sweep file, print the table, the knee and the limits"},
    {"run", run_run_command, "compile and simulate one point"},
    {"compile", run_compile_command, "the program of one point and its memory report, without running it"},
    {"limits", run_limits_command, "the largest batch that fits or is worth running, and why not one more"},
    {"validate", run_validate_command, "simulated against published measurements, with the errors"},
    {"calibrate", run_calibrate_command,
     "a chip's constants from your own measurements, and what these cannot determine"},
    {"uncertainty", run_uncertainty_command, "which claims about a network depend on which constants of the chip"},
    {"sensitivity", run_sensitivity_command, "how much throughput and limits depend on each constant of the chip"},
    {"diff", run_diff_command, "why one point is faster than another: layers, stalls, bytes, plan"},
    {"serve", run_serve_command, "requests under load: batching policy, tail latency, highest load within a bound"},
    {"report", run_report_command, "one HTML page of sweep, limits or serving results: answer, charts, table"},
    {"check", run_check_command, "every problem in the given chip, compiler, sweep and model files"},
    {"schema", run_schema_command, "the JSON schema of a kind of file: chip, sweep, record, ..."},
    {"keys", run_keys_command, "every key of chip, compiler, scenario and sweep files: type, default, meaning"},
    {"worker", run_worker_command, ""},
}};

void print_help(std::ostream& out) {
    out << "infsim: which batch of a network fits an Inferentia chip, which one is worth running, and what "
           "limits it\n\n"
           "usage: infsim SUBCOMMAND [options]\n\n";
    for (const Command& c : kCommands)
        if (*c.about != '\0')
            out << "  " << c.name << std::string(13 - std::string(c.name).size(), ' ') << c.about << "\n";
    out << "\ninfsim SUBCOMMAND --help tells more, infsim --version prints the version of its results.\n"
           "Exit status: 0 done, 1 validate beyond --max-error, 2 usage or input error, 3 does not fit,\n"
           "4 internal fault, 130 interrupted.\n";
}

int dispatch(const Arguments& words) {
    if (words.empty()) {
        print_help(std::cerr);
        return kInputError;
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        print_help(std::cout);
        return kDone;
    }
    if (words[0] == "--version" || words[0] == "version") {
        std::cout << "infsim " INFSIM_VERSION ", results epoch " << flow::kResultsEpoch << "\n";
        return kDone;
    }
    std::vector<std::string> names;
    for (const Command& c : kCommands) {
        if (words[0] == c.name) return c.run({words.begin() + 1, words.end()});
        if (*c.about != '\0') names.emplace_back(c.name);
    }
    throw InputError("", words[0], "there is no such subcommand" + suggestion(words[0], names));
}

}  // namespace

/// Detects output to stdout that was lost, for instance on a full disk.
int with_stdout(int status) {
    errno = 0;
    std::cout.flush();
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (std::cout && written) return status;
    std::cerr << "stdout: the output could not be written"
              << (errno != 0 ? std::string(": ") + std::strerror(errno) : "") << "\n";
    return kInputError;
}

int guarded(const Arguments& words) {
    try {
        return with_stdout(dispatch(words));
    } catch (const InputError& e) {
        std::cerr << message_for(STDERR_FILENO, e.what()) << "\n";
        return kInputError;
    } catch (const InternalError& e) {
        std::cerr << "internal fault: " << e.what() << "\n";
        return kInternalFault;
    } catch (const std::exception& e) {
        std::cerr << "internal fault: " << e.what() << "\n";
        return kInternalFault;
    }
}

}  // namespace infsim::cli

// Debian's SystemC library has a main() that calls sc_main; this main() takes precedence and needs neither.
int main(int argc, char** argv) { return infsim::cli::guarded({argv + 1, argv + argc}); }
