// fuse_clips: ReLU6 and similar clips are applied as the preceding convolution's sums leave PSUM.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Removes every clip from zero to a number that is the only reader of a convolution without function and residual: the
/// convolution takes over the limit and writes what the clip wrote. Values keep their ids. Runs before the stem is
/// chosen. Returns how many clips it removed.
int fuse_clips(Network& network);

/// Whether there is any clip from zero to a number.
bool has_clips(const Network& network);

}  // namespace infsim::compiler
