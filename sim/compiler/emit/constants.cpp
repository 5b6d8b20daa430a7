#include "compiler/emit/constants.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

using program::Purpose;
using program::Space;

namespace {

/// How many channels a window covers below and above its own.
struct Reach {
    int below = 0, above = 0;
    explicit Reach(int size) : below((size - 1) / 2), above(size - 1 - below) {}
};

int sum_before(const std::vector<int>& lanes, int slot) {
    int sum = 0;
    for (int s = 0; s < slot; ++s) sum += lanes[static_cast<std::size_t>(s)];
    return sum;
}

std::vector<int> lanes_of(const ValueStorage& storage, const Part& part) {
    const auto& lanes = storage.value(part.value).phys.lanes;
    return {lanes.begin() + part.first_slot, lanes.begin() + part.first_slot + part.slots};
}

}  // namespace

std::vector<LrnBand> lrn_bands(const std::vector<int>& lanes, int size, int columns, int element) {
    const Reach reach(size);
    const int slots = static_cast<int>(lanes.size());
    std::vector<LrnBand> bands;
    for (int out = 0; out < slots; ++out)
        for (int from = 0; from < slots; ++from) {
            const int m = lanes[static_cast<std::size_t>(out)], k = lanes[static_cast<std::size_t>(from)];
            // Channel of row 0 relative to that of column 0.
            const int shift = sum_before(lanes, from) - sum_before(lanes, out);
            if (shift + k - 1 < -reach.below || shift > m - 1 + reach.above) continue;
            bands.push_back({out, from, static_cast<std::int64_t>(bands.size()) * columns * element});
        }
    return bands;
}

Constants::Constants(const EmitInput& input, const Plan& plan, const ValueStorage& storage, CodeBuilder& builder)
    : input_(input),
      storage_(storage),
      builder_(builder),
      rows_(constant_rows(input.network, plan)),
      row_buffer_(rows_.rows.size(), kNoBuffer),
      band_(input.network.layers.size()) {}

/// Adds the layer's constants to a segment with `row` bytes per partition, starting at `offset` in each partition.
void Constants::add_channels(const Layer& layer, std::int64_t offset, std::int64_t row,
                             program::Segment& segment) const {
    const SlotGeometry& slots = input_.network.slots;
    const Part& part = layer.output;
    const ChannelTensors of = *channel_tensors(layer);
    const std::int64_t count = static_cast<std::int64_t>(of.tensors.size());
    const auto lanes = lanes_of(storage_, part);
    for (std::int64_t t = 0; t < count; ++t) {
        const graph::Tensor& tensor = input_.graph.tensor(of.tensors[static_cast<std::size_t>(t)]);
        segment.tensors.push_back(tensor.name);
        // If the channels of several rows of tokens lie side by side, the values are repeated for each of them.
        const std::int64_t values = graph::element_count(tensor.shape);
        int channel = 0;
        for (int s = 0; s < part.slots; ++s) {
            const int slot = part.first_slot % slots.ways + s, n = lanes[static_cast<std::size_t>(s)];
            program::RecipeBox box;
            box.tensor = static_cast<std::uint32_t>(segment.tensors.size() - 1);
            box.count = {n, 1, 1, 1, 1, 1};
            box.segment_step[0] = row;
            box.segment_offset =
                offset + (of.of_columns ? (s * count + t) * 4
                                        : slots.partition_of(slot) * row + (slots.group_of(slot) * count + t) * 4);
            box.tensor_offset = channel % values;
            box.tensor_step[0] = values == 1 ? 0 : 1;
            segment.recipe.push_back(box);
            channel += n;
        }
    }
}

program::Segment Constants::row_segment(const ConstantRow& row) const {
    program::Segment segment;
    segment.name = input_.network.layers[row.layers.front()].name + "/constants";
    segment.purpose = Purpose::constants;
    segment.dtype = DType::fp32;
    segment.region = static_cast<std::uint8_t>(input_.options.activations_region);
    segment.bytes = row.bytes * row.partitions;
    for (const LayerId l : row.layers)
        add_channels(input_.network.layers[l], rows_.place[l]->offset, row.bytes, segment);
    return segment;
}

ChannelConstants Constants::channels(const Where& at) {
    const auto& place = rows_.place[at.layer];
    if (!place) return {};
    BufferId& buffer = row_buffer_[place->row];
    const ConstantRow& row = rows_.rows[place->row];
    if (!buffer.exists()) {
        auto segment = row_segment_.find(place->row);
        if (segment == row_segment_.end())
            segment = row_segment_.emplace(place->row, builder_.add_segment(row_segment(row))).first;
        buffer = load(at, "/constants", segment->second, DType::fp32, row.bytes, row.partitions,
                      half_of(0, row.partitions, input_.target.sb_partitions));
    }
    return {buffer, place->offset, place->count};
}

BufferId Constants::load(const Where& at, const char* suffix, std::uint32_t segment, DType dtype, std::int64_t row,
                         int partitions, Half half) {
    const BufferId buffer =
        builder_.new_buffer(at.layer, input_.network.layers[at.layer].name + suffix, row, half, Purpose::constants);
    const Where inside = at.in(builder_.new_load(buffer, LoadStream::constants));
    const int element = dtype_bytes(dtype);
    program::DmaLoad dma;
    dma.dst = make_access(Space::state_buffer, 0, partitions, 0, dtype, {{1, row / element}});
    dma.src.segment = segment;
    dma.src.partition_step = static_cast<std::uint32_t>(row);
    dma.src.count = dma.dst.count;
    for (std::size_t d = 0; d < program::kAccessDims; ++d)
        dma.src.step[d] = static_cast<std::uint32_t>(dma.dst.step[d] * element);
    builder_.push(inside, builder_.next_ring(Ring::constants), dma, {buffer});
    return buffer;
}

program::Segment Constants::band_segment(const Layer& layer, const std::vector<LrnBand>& bands) const {
    const Part& in = layer.inputs[0];
    const auto lanes = lanes_of(storage_, in);
    const Reach reach(std::get<LrnOp>(layer.op).size);
    const int element = dtype_bytes(input_.dtype);
    const std::int64_t row = static_cast<std::int64_t>(bands.size()) * input_.target.pe_columns * element;
    program::Segment segment;
    segment.name = layer.name + "/band";
    segment.purpose = Purpose::constants;
    segment.dtype = input_.dtype;
    segment.region = static_cast<std::uint8_t>(input_.options.activations_region);
    segment.bytes = row * input_.target.sb_partitions;
    for (const LrnBand& b : bands) {
        const int m = lanes[static_cast<std::size_t>(b.out)], k = lanes[static_cast<std::size_t>(b.from)];
        const int shift = sum_before(lanes, b.from) - sum_before(lanes, b.out);
        for (int d = -reach.below; d <= reach.above; ++d) {  // row channel = column channel + d
            const int first = std::max(0, d - shift), last = std::min(k - 1, m - 1 + d - shift);
            if (first > last) continue;
            program::RecipeBox box;
            box.tensor = program::kLiteral;
            box.literal = 1.0F;
            box.count[0] = last - first + 1;
            box.segment_step[0] = row + element;
            box.segment_offset = (input_.network.slots.partition_of(in.first_slot + b.from) + first) * row + b.offset +
                                 (first - d + shift) * element;
            segment.recipe.push_back(box);
        }
    }
    return segment;
}

BufferId Constants::bands(const Where& at, const std::vector<LrnBand>& bands) {
    if (band_[at.layer].exists()) return band_[at.layer];
    if (segment_.find(at.layer) == segment_.end())
        segment_[at.layer] = builder_.add_segment(band_segment(input_.network.layers[at.layer], bands));
    const std::int64_t row =
        static_cast<std::int64_t>(bands.size()) * input_.target.pe_columns * dtype_bytes(input_.dtype);
    return band_[at.layer] =
               load(at, "/band", segment_[at.layer], input_.dtype, row, input_.target.sb_partitions, Half::both);
}

program::Segment Constants::table_segment(const Layer& layer) const {
    const auto& op = std::get<GatherOp>(layer.op);
    const int element = dtype_bytes(input_.dtype);
    program::Segment table;
    table.name = layer.name + "/table";
    table.purpose = Purpose::weights;
    table.dtype = input_.dtype;
    table.region = static_cast<std::uint8_t>(input_.options.weights_region);
    table.bytes = op.rows * op.row_elements * element;
    table.tensors = {input_.graph.tensor(op.table).name};
    program::RecipeBox box;
    box.count = {op.rows, op.row_elements, 1, 1, 1, 1};
    box.segment_step = {op.row_elements * element, element, 0, 0, 0, 0};
    box.tensor_step = {op.row_elements, 1, 0, 0, 0, 0};
    table.recipe.push_back(box);
    return table;
}

std::uint32_t Constants::table(LayerId layer) {
    const auto found = segment_.find(layer);
    if (found != segment_.end()) return found->second;
    return segment_[layer] = builder_.add_segment(table_segment(input_.network.layers[layer]));
}

BufferId Constants::repeated(const Where& at, const char* name, int partitions, DType dtype, std::int64_t elements,
                             float number) {
    const BufferId b = builder_.new_buffer(at.layer, name, elements * dtype_bytes(dtype),
                                           half_of(0, partitions, input_.target.sb_partitions), Purpose::constants);
    const auto all = make_access(Space::state_buffer, 0, partitions, 0, dtype, {{1, elements}});
    builder_.push(at, builder_.pool(), program::Memset{all, number}, {b});
    return b;
}

BufferId Constants::ones(const Where& at) {
    if (ones_.exists()) return ones_;
    const SlotGeometry& slots = input_.network.slots;
    return ones_ = repeated(at, "ones", input_.target.sb_partitions, input_.dtype, slots.width, 1.0F);
}

BufferId Constants::zeros(const Where& at, std::int64_t elements) {
    const auto found = zeros_.find(elements);
    if (found != zeros_.end()) return found->second;
    return zeros_[elements] = repeated(at, "zeros", input_.network.slots.region, input_.dtype, elements, 0.0F);
}

BufferId Constants::filled(const Where& at, float number) {
    const auto found = filled_.find(number);
    if (found != filled_.end()) return found->second;
    return filled_[number] = repeated(at, "limit", input_.network.slots.region, DType::fp32, 1, number);
}

void Constants::forget(LayerId first, LayerId last) {
    zeros_.clear();
    for (const LayerId l : IdRange<LayerId>(first, last)) {
        band_[l] = kNoBuffer;
        if (rows_.place[l]) row_buffer_[rows_.place[l]->row] = kNoBuffer;
    }
}

}  // namespace infsim::compiler
