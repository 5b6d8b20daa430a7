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
    const auto add = [&](const KTile& tile) {
        if (meets(tile.first_channel, tile.count)) tiles.push_back(tile);
    };
    for (int s = 0, channel = 0; s < count;) {
        const int slot = first_slot + s, partition = slots.partition_of(slot);
        for (int lane = 0; lanes_of(s) > slots.pe_rows && lane < lanes_of(s); lane += slots.pe_rows)
            add({s, lane, partition + lane, std::min(slots.pe_rows, lanes_of(s) - lane), channel + lane});
        KTile tile{s, 0, partition, lanes_of(s), channel};
        int taken = 1;
        while (taken < together && slot % slots.ways + taken < slots.ways && s + taken < count &&
               tile.count == taken * slots.region && meets(channel, tile.count) &&
               meets(channel + tile.count, lanes_of(s + taken)))
            tile.count += lanes_of(s + taken++);
        if (lanes_of(s) <= slots.pe_rows) add(tile);
        s += taken;
        channel += tile.count;
    }
    return tiles;
}

int k_tiles_of_slot(const Network& network, const Layer& layer, bool skips_zeros) {
    const Part &in = layer.inputs[0], &out = layer.output;
    const int groups = std::get<ConvOp>(layer.op).groups;
    const SlotGeometry& geometry = network.slots;
    const int together = geometry.slots_per_tile();
    const int each = (geometry.width + geometry.pe_rows - 1) / geometry.pe_rows;  // tiles of a slot
    if (!skips_zeros || groups == 1) return (in.slots + together - 1) / together * each;
    const auto in_lanes = network.values[in.value].phys.lanes.begin() + in.first_slot;
    const auto out_lanes = network.values[out.value].phys.lanes.begin() + out.first_slot;
    const int end = inputs_of_outputs(groups, std::accumulate(in_lanes, in_lanes + in.slots, 0),
                                      std::accumulate(out_lanes, out_lanes + out.slots, 0), {0, *out_lanes})
                        .hi;
    int slots = 0;
    for (int channels = 0; channels < end; ++slots) channels += in_lanes[slots];
    return (slots + together - 1) / together * each;
}

}  // namespace infsim::compiler
