// Weights of convolutions and dense layers: how they are cut in slabs, lie in device DRAM, and arrive.
#include <algorithm>
#include <map>

#include "compiler/emit/emitter.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

const ConvOp& conv_op(const Network& net, int layer) {
    return std::get<ConvOp>(net.layers[static_cast<std::size_t>(layer)].op);
}

}  // namespace

Emitter::ConvState& Emitter::conv_state(int layer) {
    auto& state = conv_[static_cast<std::size_t>(layer)];
    if (!state) {
        state.emplace();
        plan_weights(layer, *state);
        build_segments(layer, *state);
    }
    return *state;
}

void Emitter::plan_weights(int layer, ConvState& state) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const Part& in = l.inputs[0];
    const auto& lanes = value(in.value).phys.lanes;
    const int half = target_.sb_partitions / 2;
    std::map<std::pair<int, int>, KClass> classes;
    int channel = 0;
    for (int s = 0; s < in.slots;) {
        const int slot = in.first_slot + s;
        KTile tile{s, slot % 2 * half, lanes[static_cast<std::size_t>(slot)], channel};
        if (value(in.value).phys.slots() == 1) tile.partition = 0;
        const bool pair = slot % 2 == 0 && s + 1 < in.slots && tile.count == half && target_.pe_rows >= 2 * half;
        if (pair) tile.count += lanes[static_cast<std::size_t>(slot) + 1];
        s += pair ? 2 : 1;
        channel += tile.count;
        auto& c = classes[{tile.partition, -tile.count}];
        c.partition = tile.partition;
        c.count = tile.count;
        c.tiles.push_back(tile);
    }
    for (auto& entry : classes) state.classes.push_back(std::move(entry.second));
    state.dual = value(in.value).phys.slots() == 1 && pairable_[static_cast<std::size_t>(in.value)] && batch_ > 1;

    std::int64_t tiles = 0;
    for (const KClass& c : state.classes) tiles += static_cast<std::int64_t>(c.tiles.size());
    const auto& out_lanes = value(l.output.value).phys.lanes;
    const std::int64_t per_column = tiles * op.kernel_rows * op.kernel_cols * dtype_bytes(dtype_);
    for (int s = 0; s < l.output.slots;) {
        Slab slab{s, 0, 0, {}};
        while (s < l.output.slots) {
            const std::int64_t bytes = per_column * out_lanes[static_cast<std::size_t>(l.output.first_slot + s)];
            if (slab.slots > 0 && slab.bytes + bytes > plan_.slab_bytes) break;
            slab.bytes += bytes;
            ++slab.slots;
            ++s;
        }
        state.slabs.push_back(slab);
    }
    state.slab_buffer.assign(state.slabs.size(), kNoBuffer);
}

int Emitter::weight_regions() const {
    return options_.weight_regions > 0 ? std::min(options_.weight_regions, target_.dram_regions) : target_.dram_regions;
}

/// Every DMA engine brings a share of the partitions of every slab, from another region than its neighbours, in turn
/// from slab to slab: a core then draws on all its channels at any time.
void Emitter::build_segments(int layer, ConvState& state) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const Physical& in = value(l.inputs[0].value).phys;
    int in_channels = 0;
    for (int s = 0; s < l.inputs[0].slots; ++s)
        in_channels += in.lanes[static_cast<std::size_t>(l.inputs[0].first_slot + s)];
    const Physical& out = value(l.output.value).phys;
    const int element = dtype_bytes(dtype_), taps = op.kernel_rows * op.kernel_cols;
    std::vector<program::Segment> segments(static_cast<std::size_t>(weight_regions()));
    for (std::size_t r = 0; r < segments.size(); ++r) {
        segments[r].name = r == 0 ? l.name : l.name + "/region " + std::to_string(r);
        segments[r].purpose = Purpose::weights;
        segments[r].dtype = dtype_;
        segments[r].region =
            static_cast<std::uint8_t>((options_.weights_region + static_cast<int>(r)) % target_.dram_regions);
        segments[r].tensors = {graph_.tensor(op.weight.tensor).name};
    }
    int out_channels = 0;
    for (int s = 0; s < l.output.slots; ++s)
        out_channels += out.lanes[static_cast<std::size_t>(l.output.first_slot + s)];
    const int in_per_group = in_channels / op.groups, out_per_group = out_channels / op.groups;
    int channel0 = 0;
    int turn = 0;
    for (Slab& slab : state.slabs) {
        for (const KClass& c : state.classes) {
            std::int64_t row = 0;
            for (int s = 0; s < slab.slots; ++s)
                row += static_cast<std::int64_t>(c.tiles.size()) * taps *
                       out.lanes[static_cast<std::size_t>(l.output.first_slot + slab.first_slot + s)] * element;
            const std::size_t first_piece = slab.pieces.size();
            for (int e = 0, done = 0; e < target_.dma_engines; ++e) {
                const int share = (c.count - done) / (target_.dma_engines - e), r = (turn + e) % weight_regions();
                slab.pieces.push_back({done, share, r, segments[static_cast<std::size_t>(r)].bytes});
                segments[static_cast<std::size_t>(r)].bytes += share * row;
                done += share;
            }
            std::int64_t at = 0;
            int o0 = channel0;
            for (int s = 0; s < slab.slots; ++s) {
                const int m = out.lanes[static_cast<std::size_t>(l.output.first_slot + slab.first_slot + s)];
                for (const KTile& tile : c.tiles) {
                    for (int group = o0 / out_per_group; group * out_per_group < o0 + m; ++group) {
                        const int o_lo = std::max(o0, group * out_per_group),
                                  o_hi = std::min(o0 + m, (group + 1) * out_per_group);
                        const int c_lo = std::max(tile.first_channel, group * in_per_group);
                        const int c_hi = std::min(tile.first_channel + tile.count, (group + 1) * in_per_group);
                        if (c_lo >= c_hi) continue;
                        // Copies of an input channel differ in the filter row they stand for.
                        const int per_copy = in_channels / op.weight.replicas;
                        for (int copy = c_lo / per_copy; copy * per_copy < c_hi; ++copy) {
                            const int lo = std::max(c_lo, copy * per_copy), hi = std::min(c_hi, (copy + 1) * per_copy);
                            for (std::size_t p = first_piece; p < slab.pieces.size(); ++p) {
                                const SlabPiece& piece = slab.pieces[p];
                                const int from = std::max(lo, tile.first_channel + piece.first);
                                const int to = std::min(hi, tile.first_channel + piece.first + piece.count);
                                if (from >= to) continue;
                                program::RecipeBox box;
                                box.segment_offset = piece.segment_offset +
                                                     (from - tile.first_channel - piece.first) * row + at +
                                                     (o_lo - o0) * element;
                                box.tensor_offset = op.weight.base + o_lo * op.weight.so +
                                                    (from - copy * per_copy - group * in_per_group) * op.weight.sc +
                                                    copy * op.weight.replica_step;
                                box.count = {to - from, op.kernel_rows, op.kernel_cols, o_hi - o_lo, 1, 1};
                                box.segment_step = {row,
                                                    std::int64_t{op.kernel_cols} * m * element,
                                                    std::int64_t{m} * element,
                                                    element,
                                                    0,
                                                    0};
                                box.tensor_step = {op.weight.sc, op.weight.sr, op.weight.ss, op.weight.so, 0, 0};
                                segments[static_cast<std::size_t>(piece.region)].recipe.push_back(box);
                            }
                        }
                    }
                    at += std::int64_t{taps} * m * element;
                }
                o0 += m;
            }
        }
        for (int s = 0; s < slab.slots; ++s)
            channel0 += out.lanes[static_cast<std::size_t>(l.output.first_slot + slab.first_slot + s)];
        ++turn;
    }
    for (program::Segment& segment : segments) {
        state.segments.push_back(static_cast<std::uint32_t>(code_.segments.size()));
        if (segment.bytes > 0)
            code_.segments.push_back(std::move(segment));  // a slab of few partitions may leave a region without
    }
}

BufferId Emitter::slab(int layer, int index) {
    ConvState& state = conv_state(layer);
    BufferId& buffer = state.slab_buffer[static_cast<std::size_t>(index)];
    if (buffer != kNoBuffer) return buffer;
    const Slab& slab = state.slabs[static_cast<std::size_t>(index)];
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const Physical& out = value(l.output.value).phys;
    const int half = target_.sb_partitions / 2;
    int top = 0;
    for (const KClass& c : state.classes) top = std::max(top, c.partition + c.count);
    buffer = new_buffer(l.name + "/weights", slab.bytes, top <= half && !state.dual ? Half::lower : Half::both,
                        Purpose::weights);
    load_ = code_.loads.next_id();
    code_.loads.push_back({buffer, static_cast<std::int32_t>(Stream::weights)});
    std::int64_t in_slab = 0;
    std::size_t piece = 0;
    const ConvOp& op = conv_op(net_, layer);
    for (const KClass& c : state.classes) {
        std::int64_t columns = 0;
        for (int s = 0; s < slab.slots; ++s)
            columns += out.lanes[static_cast<std::size_t>(l.output.first_slot + slab.first_slot + s)];
        const std::int64_t row_elements =
            columns * static_cast<std::int64_t>(c.tiles.size()) * op.kernel_rows * op.kernel_cols;
        const std::int64_t row = row_elements * dtype_bytes(dtype_);
        for (int e = 0; e < target_.dma_engines; ++e) {
            const SlabPiece& p = slab.pieces[piece++];
            if (p.count == 0) continue;
            program::DmaLoad dma;
            dma.src.segment = state.segments[static_cast<std::size_t>(p.region)];
            dma.src.offset = static_cast<std::uint32_t>(p.segment_offset);
            dma.src.partition_step = static_cast<std::uint32_t>(row);
            dma.dst =
                make_access(Space::state_buffer, c.partition + p.first, p.count, in_slab, dtype_, {{1, row_elements}});
            dma.src.count = dma.dst.count;
            for (int d = 0; d < program::kAccessDims; ++d)
                dma.src.step[d] = static_cast<std::uint32_t>(dma.dst.step[d] * dtype_bytes(dtype_));
            push(ring(next_engine_ + e, 0), dma, {buffer});
        }
        if (state.dual) {
            program::DmaCopy copy;
            copy.src = make_access(Space::state_buffer, 0, c.count, in_slab, dtype_, {{1, row_elements}});
            copy.dst = copy.src;
            copy.dst.partition_start = static_cast<std::uint8_t>(half);
            push(ring(next_engine_, 3), copy, {buffer, buffer});
        }
        in_slab += row;
    }
    ++next_engine_;
    load_ = kNoLoad;
    return buffer;
}

BufferId Emitter::bias(int layer) {
    const ConvOp& op = conv_op(net_, layer);
    if (op.bias == graph::kNoTensor) return kNoBuffer;
    return channel_constants(layer, 0, net_.layers[static_cast<std::size_t>(layer)].output, {op.bias}, true);
}

std::vector<Emitter::Stationary> Emitter::stationaries(int layer, int slab_index, int slot) const {
    const ConvState& state = *conv_[static_cast<std::size_t>(layer)];
    const Slab& slab = state.slabs[static_cast<std::size_t>(slab_index)];
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const ConvOp& op = conv_op(net_, layer);
    const auto& out_lanes = value(l.output.value).phys.lanes;
    const int taps = op.kernel_rows * op.kernel_cols, element = dtype_bytes(dtype_);
    std::vector<Stationary> list;
    std::int64_t base = 0;
    for (const KClass& c : state.classes) {
        for (int s = 0; s < slab.slots; ++s) {
            const int m = out_lanes[static_cast<std::size_t>(l.output.first_slot + slab.first_slot + s)];
            for (const KTile& tile : c.tiles) {
                if (slab.first_slot + s == slot)
                    for (int t = 0; t < taps; ++t)
                        list.push_back(
                            {&tile, t / op.kernel_cols, t % op.kernel_cols, base + std::int64_t{t} * m * element});
                base += std::int64_t{taps} * m * element;
            }
        }
    }
    return list;
}

}  // namespace infsim::compiler
