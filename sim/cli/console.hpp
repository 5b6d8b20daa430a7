// Output of a command besides its results: --color and --quiet, which every command has.
#pragma once

#include <functional>
#include <string>

#include "cli/command.hpp"
#include "cli/paint.hpp"
#include "explore/progress.hpp"

namespace infsim::cli {

/// Whether --quiet suppresses progress and notices, and which streams have colours.
class Console {
public:
    /// Throws InputError for a wrong --color.
    explicit Console(const po::variables_map& values);

    /// For output to stdout.
    const Paint& paint() const { return paint_; }
    /// Progress on stderr; all parts of a command share one line.
    explore::Progress& progress() { return progress_; }
    /// An optional line on stderr.
    void note(const std::string& line);
    /// note() as a function, for readers of files and models. Must not outlive the console.
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

/// The options that every command has: --quiet, --color, --help.
po::options_description common_group();

}  // namespace infsim::cli
