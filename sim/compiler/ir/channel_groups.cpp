#include "compiler/ir/channel_groups.hpp"

#include <algorithm>
#include <numeric>

namespace infsim::compiler {

ChannelRange inputs_of_outputs(int groups, int in, int out, ChannelRange outputs) {
    const int in_of_group = in / groups, out_of_group = out / groups;
    return {outputs.lo / out_of_group * in_of_group, ((outputs.hi - 1) / out_of_group + 1) * in_of_group};
}

std::vector<KTile> k_tiles(const SlotGeometry& slots, const std::vector<int>& lanes, int first_slot,
                           ChannelRange wanted) {
    const int count = static_cast<int>(lanes.size()), together = slots.slots_per_tile();
    const auto lanes_of = [&](int s) { return lanes[static_cast<std::size_t>(s)]; };
    const auto meets = [&](int first, int n) { return first < wanted.hi && first + n > wanted.lo; };
    std::vector<KTile> tiles;
    for (int s = 0, channel = 0; s < count;) {
        const int slot = first_slot + s, partition = slots.partition_of(slot);
        int taken = 1, channels = lanes_of(s);
        while (taken < together && slot % slots.ways + taken < slots.ways && s + taken < count &&
               channels == taken * slots.region && meets(channel, channels) &&
               meets(channel + channels, lanes_of(s + taken)))
            channels += lanes_of(s + taken++);
        for (int lane = 0; lane < channels; lane += slots.pe_rows) {  // more than one if a slot exceeds the array
            const KTile tile{s, lane, partition + lane, std::min(slots.pe_rows, channels - lane), channel + lane};
            if (meets(tile.first_channel, tile.count)) tiles.push_back(tile);
        }
        s += taken;
        channel += channels;
    }
    return tiles;
}

int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros) {
    const Part &in = layer.inputs[0], &out = layer.output;
    const int groups = std::get<ConvOp>(layer.op).groups;
    int slots = in.slots;
    if (skips_zeros && groups > 1) {
        const auto in_lanes = network.values[in.value].phys.lanes.begin() + in.first_slot;
        const auto out_lanes = network.values[out.value].phys.lanes.begin() + out.first_slot;
        const int end = inputs_of_outputs(groups, std::accumulate(in_lanes, in_lanes + in.slots, 0),
                                          std::accumulate(out_lanes, out_lanes + out.slots, 0), {0, *out_lanes})
                            .hi;
        slots = 0;
        for (int channels = 0; channels < end; ++slots) channels += in_lanes[slots];
    }
    const SlotGeometry& geometry = network.slots;
    const int together = geometry.slots_per_tile();
    const int each = (geometry.width + geometry.pe_rows - 1) / geometry.pe_rows;  // tiles per slot
    return (slots + together - 1) / together * each;
}

std::int64_t weight_bytes_per_partition(const Network& network, const Layer& layer, DType dtype, bool skips_zeros) {
    const auto& op = std::get<ConvOp>(layer.op);
    const auto lanes = network.values[layer.output.value].phys.lanes.begin() + layer.output.first_slot;
    const int columns = std::accumulate(lanes, lanes + layer.output.slots, 0);
    return std::int64_t{k_tiles_of_slot(network, layer, skips_zeros)} * op.kernel_rows * op.kernel_cols * columns *
           dtype_bytes(dtype);
}

}  // namespace infsim::compiler
