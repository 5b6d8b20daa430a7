#include "explore/progress.hpp"

#include <algorithm>

namespace infsim::explore {

void Progress::start(std::size_t total, std::size_t resumed) {
    total_ = total;
    done_ = resumed;
    next_told_.clear();
    if (resumed > 0) out_ << resumed << " of " << total << " points are there already\n" << std::flush;
    if (bar_ && done_ < total_) draw("");
}

void Progress::step(const std::string& what) {
    ++done_;
    if (bar_) draw(what);
    else out_ << '[' << done_ << '/' << total_ << "] " << what << '\n' << std::flush;
}

void Progress::running(const std::vector<std::pair<std::string, double>>& all) {
    constexpr double slow = 30;
    const auto text = [](const auto& point) {
        return point.first + ": for " + std::to_string(static_cast<long>(point.second)) + " s so far";
    };
    if (bar_) {
        if (all.front().second >= slow) draw(text(all.front()));
        return;
    }
    for (const auto& point : all) {
        double& next = next_told_.emplace(point.first, slow).first->second;
        if (point.second < next) continue;
        next = 2 * point.second;  // a long night makes few lines
        out_ << text(point) << '\n' << std::flush;
    }
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
