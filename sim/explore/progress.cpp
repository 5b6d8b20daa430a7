#include "explore/progress.hpp"

#include <algorithm>
#include <chrono>

#include "base/display.hpp"

namespace infsim::explore {

namespace {

constexpr std::size_t kLogLines = 20;  ///< for fast steps
constexpr double kSilence = 30;        ///< a log gets a line at least this often, in seconds
constexpr const char* kClear = "\r\x1b[K";

/// "[#####.....] 3/6", or "[3]" if the total is unknown; no bar if the terminal has no room for it.
std::string count_text(std::size_t done, std::size_t total, std::size_t width) {
    constexpr std::size_t kBar = 30, kLeastForBar = 60;
    if (total == 0) return "[" + std::to_string(done) + "]";
    const std::string count = std::to_string(done) + "/" + std::to_string(total);
    if (width < kLeastForBar) return "[" + count + "]";
    const std::size_t filled = kBar * std::min(done, total) / total;
    return "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] " + count + " ";
}

}  // namespace

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Progress::Progress(std::ostream& out, Form form, std::size_t width, std::function<double()> seconds)
    : out_(out), form_(form), width_(width), seconds_(std::move(seconds)) {}

void Progress::start(std::size_t total, std::size_t resumed) {
    total_ = total;
    done_ = resumed;
    stepped_ = 0;
    next_told_.clear();
    if (resumed > 0) keep(std::to_string(resumed) + " of " + std::to_string(total) + " points are stored already");
    if (form_ == Form::line && done_ < total_) draw("");
}

/// Whether a log gets a line for this step: the first, the last, some evenly spaced ones, or after a long silence.
bool Progress::due() const {
    if (stepped_ == 1 || done_ == total_ || seconds_() - last_line_ >= kSilence) return true;
    if (total_ == 0) return stepped_ <= kLogLines;
    return done_ * kLogLines / total_ != (done_ - 1) * kLogLines / total_;
}

void Progress::step(const std::string& what) {
    ++done_;
    ++stepped_;
    if (form_ == Form::line) draw(what);
    if (form_ != Form::log || !due()) return;
    last_line_ = seconds_();
    out_ << '[' << done_ << (total_ == 0 ? "" : "/" + std::to_string(total_)) << "] " << what << '\n' << std::flush;
}

void Progress::running(const std::vector<std::pair<std::string, double>>& all) {
    const auto text = [](const auto& point) {
        return point.first + ": for " + std::to_string(static_cast<long>(point.second)) + " s so far";
    };
    if (form_ == Form::line && all.front().second >= kSilence) draw(text(all.front()));
    if (form_ != Form::log) return;
    for (const auto& point : all) {
        double& next = next_told_.emplace(point.first, kSilence).first->second;
        if (point.second < next) continue;
        next = 2 * point.second;  // few lines even for very long points
        out_ << text(point) << '\n' << std::flush;
    }
}

void Progress::keep(const std::string& lines) {
    if (form_ == Form::silent) return;
    const std::string drawn = drawn_;
    finish();
    out_ << lines << '\n' << std::flush;
    if (drawn.empty()) return;
    out_ << drawn << std::flush;
    drawn_ = drawn;
}

void Progress::finish() {
    if (!drawn_.empty()) out_ << kClear << std::flush;
    drawn_.clear();
}

void Progress::draw(const std::string& what) {
    // A character in the last column would make some terminals wrap.
    drawn_ = cut_to_width(count_text(done_, total_, width_) + " " + what, std::max<std::size_t>(width_, 2) - 1);
    out_ << kClear << drawn_ << std::flush;
}

}  // namespace infsim::explore
