// Which channels of a convolution in groups have to do with each other.
#pragma once

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Channels [lo, hi).
struct ChannelRange {
    int lo = 0, hi = 0;
    bool empty() const { return lo >= hi; }
};

/// Input channels of the groups that have one of `outputs`, of `in` and `out` channels in all.
ChannelRange inputs_of_outputs(int groups, int in, int out, ChannelRange outputs);

/// K-tiles that a slot of the output of a convolution sums up, about: as many as its first slot does.
/// `skips_zeros`: what lies between groups is left out.
int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros);

}  // namespace infsim::compiler
