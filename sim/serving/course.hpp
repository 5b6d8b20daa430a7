// The course of an execution: its time alone, and coarser forms.
#pragma once

#include "serving/device.hpp"

namespace infsim::serving {

/// The time of an execution whose pieces are not slowed.
Duration alone_time(const Course& course);

/// Joins neighbours until at most `most` pieces are left, always the two with the least difference: in `available` and
/// `needed`, plus the time of the bytes that change places, plus a part of their work so that long pieces are joined
/// last. Joined pieces move the same bytes in the same time.
Course joined(Course course, std::size_t most);

/// The same course stretched or shrunk so that alone_time() is `alone`, moving the same bytes.
Course stretched(Course course, Duration alone);

}  // namespace infsim::serving
