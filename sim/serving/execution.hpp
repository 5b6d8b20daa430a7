// One execution as it advances through its course.
#pragma once

#include <cstddef>
#include <cstdint>

#include "serving/device.hpp"

namespace infsim::serving {

/// The computation advances until it needs a piece that has not been moved. Pieces are moved one after the other, each
/// once the computation has made it available, at a pace set from outside. Whole picoseconds.
class Execution {
public:
    /// `course` has pieces and outlives the execution. Paces are in any unit; `unit` is the pace of an execution alone.
    void begin(const Course& course, std::int64_t unit, TimePoint now);
    /// Whether a piece is being moved, and which.
    bool moving() const { return moving_; }
    const Piece& piece() const { return course_->pieces[piece_]; }
    /// When something changes at the present pace: a piece begins or ends, or the execution ends.
    TimePoint next() const { return next_; }
    /// The event of next() has happened; true at the end of the execution.
    bool step();
    /// From `now` on the piece being moved takes pace / unit times its work: the rest is rescaled by new over old pace,
    /// rounded up. Returns whether next() may have changed.
    bool set_pace(std::int64_t pace, TimePoint now) {
        if (pace == pace_) return false;
        rescale(pace, now);
        return true;
    }

private:
    void rescale(std::int64_t pace, TimePoint now);
    void go_on(TimePoint now);
    void move(TimePoint now);

    const Course* course_ = nullptr;
    std::size_t piece_ = 0;
    bool moving_ = false;
    std::int64_t unit_ = 1, pace_ = 1;
    Duration computed_{};  ///< progress of the computation when the piece began or the wait for it ends
    TimePoint began_{};    ///< of the piece
    TimePoint next_{};
};

}  // namespace infsim::serving
