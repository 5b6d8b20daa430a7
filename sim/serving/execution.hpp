// One execution on its way through its course.
#pragma once

#include <cstddef>
#include <cstdint>

#include "serving/device.hpp"

namespace infsim::serving {

/// The computation goes on by itself until it needs a piece that has not been moved; pieces are moved one after the
/// other, each once the computation has made it available, at a pace that others decide. Whole picoseconds.
class Execution {
public:
    /// `course` has pieces and outlives the execution. Paces are in any unit, `unit` being that of an execution alone.
    void begin(const Course& course, std::int64_t unit, TimePoint now);
    /// Whether a piece is being moved, and which.
    bool moving() const { return moving_; }
    const Piece& piece() const { return course_->pieces[piece_]; }
    /// When something changes at the present pace: a piece begins or ends, or the execution ends.
    TimePoint next() const { return next_; }
    /// That has happened; true at the end of the execution.
    bool step();
    /// From `now` on the piece being moved takes pace / unit times its work: what remains of it is rescaled by new over
    /// old pace, rounded up. Whether next() may have changed.
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
    Duration computed_{};  ///< progress of the computation when the piece began, or when waiting for it ends
    TimePoint began_{};    ///< of the piece
    TimePoint next_{};
};

}  // namespace infsim::serving
