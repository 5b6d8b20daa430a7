// Runs the pipeline: skips, times, verifies and dumps around each pass.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compilation.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

struct PassWatch {
    bool verify = false;     ///< verify the form after each pass; throws InternalError naming pass and problem
    std::string dump_after;  ///< name of a pass, or empty
    /// The dump starts with heading lines (#), unless it is a whole Program.
    std::ostream* dump = nullptr;  ///< receives the form after that pass, whether it ran or not
    Form until = Form::program;    ///< stop once this form is reached
};

/// Runs all passes that are not skipped; the first refusal ends the run. Adds a report of each that ran to `reports`.
std::optional<DoesNotFit> run_passes(Compilation& compilation, const PassWatch& watch,
                                     std::vector<PassReport>& reports);

/// What is wrong with the current form, one sentence each. Errors in decisions and placements show up in the Program,
/// and a Program is complete once device DRAM is laid out.
std::vector<std::string> verify(const Compilation& compilation);

/// The text of the current form.
void write_text(const Compilation& compilation, std::ostream& out);

}  // namespace infsim::compiler
