#include "explore/progress.hpp"

#include <algorithm>

namespace infsim::explore {

void Progress::start(std::size_t total, std::size_t resumed) {
    if (resumed > 0) out_ << resumed << " of " << total << " points are there already\n" << std::flush;
    go_on(total, resumed);
}

void Progress::go_on(std::size_t total, std::size_t done) {
    total_ = total;
    done_ = done;
    if (bar_ && done_ < total_) draw("");
}

void Progress::step(const std::string& what) {
    ++done_;
    if (bar_) draw(what);
    else out_ << '[' << done_ << '/' << total_ << "] " << what << '\n' << std::flush;
}

void Progress::finish() {
    if (bar_ && drawn_ > 0) out_ << '\n' << std::flush;
    drawn_ = 0;
}

void Progress::draw(const std::string& what) {
    constexpr std::size_t width = 30;
    const std::size_t filled = total_ == 0 ? width : width * done_ / total_;
    std::string line = "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " +
                       std::to_string(done_) + "/" + std::to_string(total_) + "  " + what;
    line.resize(std::min<std::size_t>(line.size(), 100));
    const std::size_t length = line.size();
    line.resize(std::max(length, drawn_), ' ');
    drawn_ = length;
    out_ << '\r' << line << std::flush;
}

}  // namespace infsim::explore
