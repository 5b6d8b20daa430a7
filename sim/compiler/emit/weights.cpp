#include "compiler/emit/weights.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "compiler/ir/channel_groups.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

std::vector<int> lanes_of(const Network& network, const Part& part) {
    const auto& lanes = network.values[part.value].phys.lanes;
    return {lanes.begin() + part.first_slot, lanes.begin() + part.first_slot + part.slots};
}

int channels_of(const Network& network, const Part& part) {
    const auto first = network.values[part.value].phys.lanes.begin() + part.first_slot;
    return std::accumulate(first, first + part.slots, 0);
}

ChannelRange common(ChannelRange a, ChannelRange b) { return {std::max(a.lo, b.lo), std::min(a.hi, b.hi)}; }

/// Input channels of one group and one copy that belong to output channels `out` of the same group.
struct WeightBox {
    ChannelRange in, out;
    int group = 0, group_first = 0;  ///< first input channel of the group
    int copy = 0, copy_first = 0;
};

/// Blocks of channels that belong together: all of one group, and of one copy of a replicated input, since copies stand
/// for different filter rows.
std::vector<WeightBox> weight_boxes(const ConvOp& op, ChannelRange in, ChannelRange out, int in_channels,
                                    int out_channels) {
    const int in_per_group = in_channels / op.groups, out_per_group = out_channels / op.groups;
    const int per_copy = in_channels / op.weight.replicas;
    std::vector<WeightBox> list;
    for (int group = out.lo / out_per_group; group * out_per_group < out.hi; ++group) {
        const ChannelRange o = common(out, {group * out_per_group, (group + 1) * out_per_group});
        const ChannelRange c = common(in, {group * in_per_group, (group + 1) * in_per_group});
        if (c.empty()) continue;
        for (int copy = c.lo / per_copy; copy * per_copy < c.hi; ++copy)
            list.push_back({common(c, {copy * per_copy, (copy + 1) * per_copy}), o, group, group * in_per_group, copy,
                            copy * per_copy});
    }
    return list;
}

/// Taps of a filter that form a rectangle: whole rows, or a part of one row.
struct TapBox {
    int row = 0, col = 0, rows = 1, cols = 1, first = 0;  ///< first: counted from the first tap of the block
};

/// The taps of a block as rectangles: the rest of a row, whole rows, the beginning of a row.
std::vector<TapBox> tap_boxes(const SlabBlock& block, int kernel_cols) {
    std::vector<TapBox> boxes;
    for (int tap = block.first_tap, end = block.first_tap + block.taps; tap < end;) {
        const int row = tap / kernel_cols, col = tap % kernel_cols, first = tap - block.first_tap;
        const int rows = col == 0 ? (end - tap) / kernel_cols : 0;
        if (rows > 0) boxes.push_back({row, 0, rows, kernel_cols, first});
        else boxes.push_back({row, col, 1, std::min(kernel_cols - col, end - tap), first});
        tap += boxes.back().rows * boxes.back().cols;
    }
    return boxes;
}

/// Where `boxes` of channels times `taps` lie in the segment of a piece.
program::RecipeBox recipe_box(const ConvOp& op, const SlabClass& of_class, const SlabPiece& piece,
                              const SlabBlock& block, const TapBox& taps, const WeightBox& b, ChannelRange in) {
    const WeightIndex& w = op.weight;
    const int first = block.tile.first_channel + piece.first;  // channel of the piece's first partition
    const std::int64_t tap = block.tap_bytes, element = tap / block.columns;
    program::RecipeBox box;
    box.segment_offset = piece.segment_offset + (in.lo - first) * of_class.row_bytes + block.offset - of_class.offset +
                         taps.first * tap + (b.out.lo - block.first_channel) * element;
    box.tensor_offset = w.base + b.group * w.group_step + b.out.lo * w.so +
                        (in.lo - b.copy_first - b.group_first) * w.sc + b.copy * w.replica_step + taps.row * w.sr +
                        taps.col * w.ss;
    box.count = {in.hi - in.lo, taps.rows, taps.cols, b.out.hi - b.out.lo, 1, 1};
    box.segment_step = {of_class.row_bytes, taps.cols * tap, tap, element, 0, 0};
    box.tensor_step = {w.sc, w.sr, w.ss, w.so, 0, 0};
    return box;
}

}  // namespace

void add_recipe(const Layer& layer, const Network& network, const Slab& slab, const SlabBlock& block,
                std::vector<program::Segment>& segments) {
    const auto& op = std::get<ConvOp>(layer.op);
    const SlabClass& of_class = slab.classes[block.k_class];
    const KTile& tile = block.tile;
    const std::vector<TapBox> taps = tap_boxes(block, op.kernel_cols);
    const auto boxes = weight_boxes(op, {tile.first_channel, tile.first_channel + tile.count},
                                    {block.first_channel, block.first_channel + block.columns},
                                    channels_of(network, layer.inputs[0]), channels_of(network, layer.output));
    for (const WeightBox& b : boxes)
        for (const SlabPiece& piece : of_class.pieces) {
            const int first = tile.first_channel + piece.first;  // channel of the piece's first partition
            const ChannelRange in = common(b.in, {first, first + piece.count});
            if (in.empty()) continue;
            for (const TapBox& some : taps)
                segments[static_cast<std::size_t>(piece.region)].recipe.push_back(
                    recipe_box(op, of_class, piece, block, some, b, in));
        }
}

Weights::Weights(const EmitInput& input, const Plan& plan, const ValueStorage& storage, CodeBuilder& builder)
    : input_(input), plan_(plan), storage_(storage), builder_(builder), layers_(input.network.layers.size()) {}

int Weights::regions() const {
    const int all = input_.target.dram_regions, wanted = input_.options.weight_regions;
    return wanted > 0 ? std::min(wanted, all) : all;
}

SlabShape Weights::shape(const Layer& layer) const {
    const auto& op = std::get<ConvOp>(layer.op);
    const Part& in = layer.inputs[0];
    SlabShape s;
    s.groups = input_.options.skip_zero_blocks ? op.groups : 1;
    s.in_lanes = lanes_of(input_.network, in);
    s.in_first_slot = in.first_slot;
    s.out_channels = lanes_of(input_.network, layer.output);
    s.taps = op.kernel_rows * op.kernel_cols;
    s.element = dtype_bytes(input_.dtype);
    s.slab_bytes = plan_.slab_bytes;
    s.part_bytes = plan_.weight_part_bytes;
    s.geometry = input_.network.slots;
    s.engines = input_.target.dma_engines;
    s.regions = regions();
    return s;
}

Weights::OfLayer& Weights::of(LayerId id) {
    auto& weights = layers_[id];
    if (weights) return *weights;
    const Layer& layer = input_.network.layers[id];
    const ValueId in = layer.inputs[0].value;
    weights.emplace();
    weights->layout = slab_layout(shape(layer));
    weights->dual = storage_.facts(in).pairable && input_.batch > 1;
    weights->buffer.assign(weights->layout.slabs.size(), kNoBuffer);
    add_segments(layer, *weights);
    return *weights;
}

const SlabLayout& Weights::layout(LayerId layer) { return of(layer).layout; }

std::vector<program::Segment> Weights::empty_segments(const Layer& layer, const SlabLayout& layout) const {
    const auto& op = std::get<ConvOp>(layer.op);
    std::vector<program::Segment> segments(layout.region_bytes.size());
    for (std::size_t r = 0; r < segments.size(); ++r) {
        segments[r].name = r == 0 ? layer.name : layer.name + "/region " + std::to_string(r);
        segments[r].purpose = Purpose::weights;
        segments[r].dtype = input_.dtype;
        segments[r].region = static_cast<std::uint8_t>((input_.options.weights_region + static_cast<int>(r)) %
                                                       input_.target.dram_regions);
        segments[r].bytes = layout.region_bytes[r];
        segments[r].tensors = {input_.graph.tensor(op.weight.tensor).name};
    }
    return segments;
}

void Weights::add_segments(const Layer& layer, OfLayer& weights) {
    std::vector<program::Segment> segments = empty_segments(layer, weights.layout);
    for (const Slab& slab : weights.layout.slabs)
        for (const SlabBlock& block : slab.blocks) add_recipe(layer, input_.network, slab, block, segments);
    for (program::Segment& segment : segments) {
        weights.segments.push_back(builder_.next_segment());
        // A slab with few partitions may leave a region empty.
        if (segment.bytes > 0) builder_.add_segment(std::move(segment));
    }
}

BufferId Weights::slab(std::size_t index, const Where& at) {
    OfLayer& weights = of(at.layer);
    BufferId& buffer = weights.buffer[index];
    if (buffer.exists()) return buffer;
    const Slab& slab = weights.layout.slabs[index];
    const int all = input_.target.sb_partitions;
    buffer =
        builder_.new_buffer(at.layer, input_.network.layers[at.layer].name + "/weights", slab.bytes,
                            weights.dual ? Half::both : half_of(0, weights.layout.partitions(), all), Purpose::weights);
    if (plan_.keeps_weights(at.layer.index())) {
        load_static(weights, slab, buffer);
        return buffer;
    }
    const Where inside = at.in(builder_.new_load(buffer, LoadStream::weights));
    const int engine = builder_.take_engine();
    for (std::size_t c = 0; c < weights.layout.classes.size(); ++c)
        load_class(weights, slab, c, buffer, engine, inside);
    return buffer;
}

/// A class's row of the slab on partitions [first, first + count).
program::AccessPattern Weights::rows_of(const SlabClass& here, int first, int count) const {
    return make_access(Space::state_buffer, first, count, here.offset, input_.dtype,
                       {{1, here.row_bytes / dtype_bytes(input_.dtype)}});
}

/// The load of a piece whose class begins at `partition`.
program::DmaLoad Weights::load_of(const OfLayer& weights, const SlabClass& here, const SlabPiece& piece,
                                  int partition) const {
    program::DmaLoad dma;
    dma.src.segment = weights.segments[static_cast<std::size_t>(piece.region)];
    dma.src.offset = static_cast<std::uint32_t>(piece.segment_offset);
    dma.src.partition_step = static_cast<std::uint32_t>(here.row_bytes);
    dma.dst = rows_of(here, partition + piece.first, piece.count);
    dma.src.count = dma.dst.count;
    for (std::size_t d = 0; d < program::kAccessDims; ++d)
        dma.src.step[d] = static_cast<std::uint32_t>(dma.dst.step[d] * dtype_bytes(input_.dtype));
    return dma;
}

void Weights::load_class(const OfLayer& weights, const Slab& slab, std::size_t k_class, BufferId into, int engine,
                         const Where& at) {
    const KClass& c = weights.layout.classes[k_class];
    const SlabClass& here = slab.classes[k_class];
    if (here.row_bytes == 0) return;  // a part of a slab that holds nothing of the class
    for (const SlabPiece& p : here.pieces) {
        if (p.count > 0)
            builder_.push(at, builder_.ring(engine, Ring::weights), load_of(weights, here, p, c.partition), {into});
        ++engine;
    }
    if (!weights.dual) return;
    program::DmaCopy copy;
    copy.src = rows_of(here, c.partition, c.count);
    copy.dst = rows_of(here, c.partition + input_.target.sb_partitions / 2, c.count);
    builder_.push(at, builder_.ring(engine - static_cast<int>(here.pieces.size()), Ring::copies), copy, {into, into});
}

void Weights::load_static(const OfLayer& weights, const Slab& slab, BufferId into) {
    for (std::size_t k = 0; k < weights.layout.classes.size(); ++k) {
        const SlabClass& here = slab.classes[k];
        if (here.row_bytes == 0) continue;
        const int first = weights.layout.classes[k].partition;
        for (const SlabPiece& p : here.pieces) {
            if (p.count == 0) continue;
            builder_.push_static(load_of(weights, here, p, first), into);
            if (weights.dual)
                builder_.push_static(load_of(weights, here, p, first + input_.target.sb_partitions / 2), into);
        }
    }
}

void Weights::forget(LayerId first, LayerId last) {
    for (const LayerId l : IdRange<LayerId>(first, last))
        if (auto& weights = layers_[l]; weights && !plan_.keeps_weights(l.index()))
            weights->buffer.assign(weights->buffer.size(), kNoBuffer);
}

}  // namespace infsim::compiler
