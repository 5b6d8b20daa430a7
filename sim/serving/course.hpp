// The course of an execution: what it takes alone, and coarser forms of it.
#pragma once

#include "serving/device.hpp"

namespace infsim::serving {

/// The time of an execution whose pieces nobody slows.
Duration alone_time(const Course& course);

/// Joins neighbours until at most `most` pieces are left, always the two whose difference is least: in `available` and
/// `needed` plus the bytes that change places, in time, plus a part of their work, so that long pieces are joined last.
/// Joint pieces move the same bytes in the same time.
Course joined(Course course, std::size_t most);

/// The same course stretched or shrunk so that alone_time() is `alone`, moving the same bytes.
Course stretched(Course course, Duration alone);

}  // namespace infsim::serving
