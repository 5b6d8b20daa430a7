// Which channels of a grouped convolution belong together.
#pragma once

#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Channels [lo, hi).
struct ChannelRange {
    int lo = 0, hi = 0;
    bool empty() const { return lo >= hi; }
};

/// Input channels of the groups that contain any of `outputs`, for `in` and `out` channels in total.
ChannelRange inputs_of_outputs(int groups, int in, int out, ChannelRange outputs);

/// Input channels that one matmul contracts: neighbouring slots of a group, or a part of a slot that has more lanes
/// than the array has rows.
struct KTile {
    int slot = 0;        ///< the first one, counted from the first slot of the input
    int first_lane = 0;  ///< within that slot
    int partition = 0, count = 0, first_channel = 0;
};

/// The K-tiles of slots with `lanes` channels that contain any of the channels `wanted`. The first of these slots is
/// slot `first_slot` of its value.
std::vector<KTile> k_tiles(const SlotGeometry& slots, const std::vector<int>& lanes, int first_slot,
                           ChannelRange wanted);

/// Approximate number of K-tiles that one output slot of a convolution sums up: as many as its first slot does.
/// `skips_zeros`: leaves out blocks between groups.
int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros);

/// Approximate bytes per partition of the weights of a convolution, by the same number of K-tiles.
std::int64_t weight_bytes_per_partition(const Network& network, const Layer& layer, DType dtype, bool skips_zeros);

}  // namespace infsim::compiler
