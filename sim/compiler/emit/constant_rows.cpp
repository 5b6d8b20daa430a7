#include "compiler/emit/constant_rows.hpp"

#include <map>

namespace infsim::compiler {

std::optional<ChannelTensors> channel_tensors(const Layer& layer) {
    ChannelTensors of;
    const auto add = [&](graph::TensorId t) {
        if (t != graph::kNoTensor) of.tensors.push_back(t);
    };
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
        of.of_columns = true;
        add(conv->bias);
    } else if (const auto* scalar = std::get_if<ScalarOp>(&layer.op)) {
        add(scalar->first.per_channel);
        add(scalar->second.per_channel);
    } else if (const auto* norm = std::get_if<LayerNormOp>(&layer.op)) {
        add(norm->gamma);
        add(norm->beta);
    }
    if (of.tensors.empty()) return std::nullopt;
    return of;
}

ChannelLayout channel_layout(const SlotGeometry& slots, const Part& part, const ChannelTensors& of) {
    const int count = static_cast<int>(of.tensors.size());
    if (of.of_columns) return {count, part.slots, slots.region};
    return {count, slots.groups(part.first_slot % slots.ways + part.slots), slots.partitions()};
}

ConstantRows constant_rows(const Network& net, const Plan& plan) {
    ConstantRows all;
    all.place = IdVector<LayerId, std::optional<ConstantRows::Place>>(net.layers.size());
    std::map<int, std::size_t> open;  // by partitions: the row that may still grow
    auto section = plan.sections.begin();
    for (const LayerId l : net.layers.ids()) {
        while (section != plan.sections.end() && l.value() >= section->last) {
            open.clear();
            ++section;
        }
        const Layer& layer = net.layers[l];
        const auto of = channel_tensors(layer);
        if (!of) continue;
        const ChannelLayout at = channel_layout(net.slots, layer.output, *of);
        const auto found = open.find(at.partitions);
        if (found == open.end() || all.rows[found->second].bytes + at.row() > plan.constants_bytes) {
            open[at.partitions] = all.rows.size();
            all.rows.push_back({{}, at.partitions, 0});
        }
        const std::size_t index = open.at(at.partitions);
        ConstantRow& row = all.rows[index];
        all.place[l] = ConstantRows::Place{index, row.bytes, at.count};
        row.layers.push_back(l);
        row.bytes += at.row();
    }
    return all;
}

}  // namespace infsim::compiler
