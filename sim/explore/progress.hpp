// Progress of a sweep on stderr: a bar on a terminal, lines elsewhere.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>

namespace infsim::explore {

class Progress {
public:
    /// `bar`: redraw one line; else write a line per point.
    Progress(std::ostream& out, bool bar) : out_(out), bar_(bar) {}

    void start(std::size_t total, std::size_t resumed);
    /// The same for a further round of points, without a word about those that are there.
    void go_on(std::size_t total, std::size_t done);
    /// One more point is done; `what` says which and how it went.
    void step(const std::string& what);
    /// A line of its own, before anything starts.
    void note(const std::string& line) { out_ << "note: " << line << "\n"; }
    /// Ends the line of the bar.
    void finish();

private:
    void draw(const std::string& what);

    std::ostream& out_;
    bool bar_;
    std::size_t total_ = 0, done_ = 0;
    std::size_t drawn_ = 0;  ///< characters on the line, to overwrite
};

}  // namespace infsim::explore
