// Runs the pipeline: leaves out, times, verifies and dumps around each pass.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compilation.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

struct PassWatch {
    bool verify = false;     ///< the form that each pass leaves; it throws InternalError naming pass and problem
    std::string dump_after;  ///< name of a pass, or empty
    /// With a heading of lines that start with #, unless it is a whole Program.
    std::ostream* dump = nullptr;  ///< gets the form that is there behind that pass, whether it ran or not
    Form until = Form::program;    ///< no pass runs once this form is there
};

/// Runs all passes that are not left out, the first refusal ends it. Adds a report of each that ran to `reports`.
std::optional<DoesNotFit> run_passes(Compilation& compilation, const PassWatch& watch,
                                     std::vector<PassReport>& reports);

/// What is wrong with the form that is there, a sentence each. Decisions and placements show whether they
/// are good in the Program, and a Program is complete when device DRAM is laid out.
std::vector<std::string> verify(const Compilation& compilation);

/// The text of the form that is there.
void write_text(const Compilation& compilation, std::ostream& out);

}  // namespace infsim::compiler
