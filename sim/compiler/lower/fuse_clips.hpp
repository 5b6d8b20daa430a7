// fuse_clips: ReLU6 and its like leave PSUM together with the convolution in front of them.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Leaves out every clip from zero to a number that alone reads what a convolution without function and residual makes:
/// the convolution takes the limit over and writes what the clip wrote. Values keep their ids. Runs before the stem is
/// chosen. How many clips it took.
int fuse_clips(Network& network);

/// Whether there is a clip from zero to a number at all.
bool has_clips(const Network& network);

}  // namespace infsim::compiler
