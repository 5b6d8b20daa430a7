// Progress of a long command on stderr: one redrawn line on a terminal, a few lines in a log.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace infsim::explore {

/// Seconds of a monotonic clock.
double steady_seconds();

class Progress {
public:
    /// line: one line, redrawn and cleared at the end. log: permanent lines. silent: nothing.
    enum class Form { silent, log, line };

    /// `width`: of the terminal, in characters. `seconds`: the clock.
    Progress(std::ostream& out, Form form, std::size_t width = 100, std::function<double()> seconds = steady_seconds);
    /// Clears the line.
    ~Progress() { finish(); }
    Progress(const Progress&) = default;
    Progress(Progress&&) = default;
    Progress& operator=(const Progress&) = delete;
    Progress& operator=(Progress&&) = delete;

    bool on_one_line() const { return form_ == Form::line; }
    /// Starts counting. `total` 0: the number of steps is unknown.
    void start(std::size_t total, std::size_t resumed);
    /// One more step is done; `what` says which one and its result. A log gets about 20 of these lines at most, plus
    /// one after every half minute without a line.
    void step(const std::string& what);
    /// What is running and for how many seconds, the longest first: names what takes long.
    void running(const std::vector<std::pair<std::string, double>>& all);
    /// Permanent lines, apart from the redrawn one.
    void keep(const std::string& lines);
    /// A permanent line "note: ...".
    void note(const std::string& line) { keep("note: " + line); }
    /// Clears the line, so that other output may follow.
    void finish();

private:
    bool due() const;
    void draw(const std::string& what);

    std::ostream& out_;
    Form form_;
    std::size_t width_;
    std::function<double()> seconds_;
    std::size_t total_ = 0, done_ = 0, stepped_ = 0;
    double last_line_ = 0;                     ///< when a log got its last line of a step
    std::string drawn_;                        ///< current text of the line
    std::map<std::string, double> next_told_;  ///< when to name a slow point again, in seconds
};

}  // namespace infsim::explore
