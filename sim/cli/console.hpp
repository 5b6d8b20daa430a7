// How a command speaks beside its results: --color and --quiet, which every command has.
#pragma once

#include <functional>
#include <string>

#include "cli/command.hpp"
#include "cli/paint.hpp"
#include "explore/progress.hpp"

namespace infsim::cli {

/// Whether --quiet leaves out progress and notices, and where colours go.
class Console {
public:
    /// Throws InputError for a --color that is none.
    explicit Console(const po::variables_map& values);

    /// For what goes to stdout.
    const Paint& paint() const { return paint_; }
    /// Progress on stderr; all parts of a command share one line.
    explore::Progress& progress() { return progress_; }
    /// A line on stderr that one may do without.
    void note(const std::string& line) { progress_.note(line); }
    /// The same as a function, for readers of files and models. Must not outlive the console.
    std::function<void(const std::string&)> notice() {
        return [this](const std::string& line) { note(line); };
    }
    /// A line on stderr that says why there is no answer: "does not fit: ...". The words before the first colon are
    /// coloured.
    void error(const std::string& line);

private:
    Paint paint_, error_paint_;
    explore::Progress progress_;
};

/// --quiet, --color, --help: of every command.
po::options_description common_group();

}  // namespace infsim::cli
