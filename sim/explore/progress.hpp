// What a long command says on stderr while it works: one line that is drawn anew on a terminal, few lines in a log.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace infsim::explore {

/// Seconds of a clock that never goes back.
double steady_seconds();

class Progress {
public:
    /// line: one line, drawn anew and gone at the end. log: lines, each for good. silent: nothing at all.
    enum class Form { silent, log, line };

    /// `width`: characters in a line of the terminal. `seconds`: the clock.
    Progress(std::ostream& out, Form form, std::size_t width = 100, std::function<double()> seconds = steady_seconds);
    /// Clears the line.
    ~Progress() { finish(); }
    Progress(const Progress&) = default;
    Progress(Progress&&) = default;
    Progress& operator=(const Progress&) = delete;
    Progress& operator=(Progress&&) = delete;

    bool on_one_line() const { return form_ == Form::line; }
    /// Counting begins. `total` 0: nobody knows how many there will be.
    void start(std::size_t total, std::size_t resumed);
    /// One more is done; `what` says which and how it went. A log has at most about 20 of these, and one more for every
    /// half minute without.
    void step(const std::string& what);
    /// What is being worked on and for how many seconds, the longest first: says what takes long.
    void running(const std::vector<std::pair<std::string, double>>& all);
    /// Lines that stay, beside whatever is drawn.
    void keep(const std::string& lines);
    /// "note: ...", which stays.
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
    std::string drawn_;                        ///< what stands on the line
    std::map<std::string, double> next_told_;  ///< seconds after which a line says again that this takes long
};

}  // namespace infsim::explore
