// Which channels of a convolution in groups have to do with each other.
#pragma once

#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Channels [lo, hi).
struct ChannelRange {
    int lo = 0, hi = 0;
    bool empty() const { return lo >= hi; }
};

/// Input channels of the groups that have one of `outputs`, of `in` and `out` channels in all.
ChannelRange inputs_of_outputs(int groups, int in, int out, ChannelRange outputs);

/// Input channels that one matmul contracts: neighbouring slots of a group, or a part of a slot that has more lanes
/// than the array has rows.
struct KTile {
    int slot = 0;        ///< the first one, counted from the first one of the input
    int first_lane = 0;  ///< of that slot
    int partition = 0, count = 0, first_channel = 0;
};

/// The K-tiles of slots with `lanes` channels, of which the first is slot `first_slot` of its value, that have some of
/// the channels `wanted`.
std::vector<KTile> k_tiles(const SlotGeometry& slots, const std::vector<int>& lanes, int first_slot,
                           ChannelRange wanted);

/// K-tiles that a slot of the output of a convolution sums up, about: as many as its first slot does.
/// `skips_zeros`: what lies between groups is left out.
int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros);

}  // namespace infsim::compiler
