#include "serving/execution.hpp"

#include <algorithm>
#include <limits>

namespace infsim::serving {

void Execution::begin(const Course& course, std::int64_t unit, TimePoint now) {
    course_ = &course;
    unit_ = unit;
    piece_ = 0;
    computed_ = Duration{0};
    go_on(now);
}

bool Execution::step() {
    const TimePoint now = next_;
    if (moving_) {
        computed_ = std::min(computed_ + (now - began_), piece().needed);
        ++piece_;
        go_on(now);
        return false;
    }
    if (piece_ == course_->pieces.size()) return true;
    move(now);
    return false;
}

void Execution::go_on(TimePoint now) {
    if (piece_ == course_->pieces.size()) {
        moving_ = false;
        next_ = now + (course_->computation - computed_);
    } else if (computed_ < piece().available) {
        moving_ = false;
        next_ = now + (piece().available - computed_);
        computed_ = piece().available;
    } else {
        move(now);
    }
}

void Execution::move(TimePoint now) {
    moving_ = true;
    began_ = now;
    pace_ = unit_;
    next_ = now + piece().work;
}

void Execution::rescale(std::int64_t pace, TimePoint now) {
    const std::int64_t left = (next_ - now).count();
    if (left < std::numeric_limits<std::int64_t>::max() / pace) {  // the usual case, several times as fast
        next_ = now + Duration{(left * pace + pace_ - 1) / pace_};
    } else {
        const auto product = static_cast<Int128>(left) * pace;
        next_ = now + Duration{static_cast<std::int64_t>((product + pace_ - 1) / pace_)};
    }
    pace_ = pace;
}

}  // namespace infsim::serving
