#include "compiler/ir/channel_groups.hpp"

#include <numeric>

namespace infsim::compiler {

ChannelRange inputs_of_outputs(int groups, int in, int out, ChannelRange outputs) {
    const int in_of_group = in / groups, out_of_group = out / groups;
    return {outputs.lo / out_of_group * in_of_group, ((outputs.hi - 1) / out_of_group + 1) * in_of_group};
}

int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros) {
    const Part &in = layer.inputs[0], &out = layer.output;
    const int groups = std::get<ConvOp>(layer.op).groups;
    if (!skips_zeros || groups == 1) return (in.slots + 1) / 2;
    const auto in_lanes = network.values[in.value].phys.lanes.begin() + in.first_slot;
    const auto out_lanes = network.values[out.value].phys.lanes.begin() + out.first_slot;
    const int end = inputs_of_outputs(groups, std::accumulate(in_lanes, in_lanes + in.slots, 0),
                                      std::accumulate(out_lanes, out_lanes + out.slots, 0), {0, *out_lanes})
                        .hi;
    int slots = 0;
    for (int channels = 0; channels < end; ++slots) channels += in_lanes[slots];
    return (slots + 1) / 2;
}

}  // namespace infsim::compiler
