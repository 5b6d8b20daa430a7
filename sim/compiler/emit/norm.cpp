// Normalisations over channels, which lie on partitions: their sums go through the PE array.
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "compiler/emit/emitter.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::AluOp;
using program::Space;

/// Elements per partition of one instruction of a normalisation.
constexpr std::int64_t kNormElements = 1024;

int Emitter::part_channels(const Part& part) const {
    const auto& lanes = value(part.value).phys.lanes;
    return std::accumulate(lanes.begin() + part.first_slot, lanes.begin() + part.first_slot + part.slots, 0);
}

/// Sums `source(chunk)` over the lanes of all chunks into one PSUM bank: every one of its lanes holds the sum.
template <class Source>
Operand Emitter::sum_over_lanes(const std::vector<LaneChunk>& list, std::int64_t elements, Source&& source) {
    const BufferId one = ones();
    const int columns = std::min(target_.pe_columns, target_.sb_partitions / 2);
    const int bank = take_bank();
    const Operand sum = psum(bank, columns, 0, {{1, elements}});
    std::optional<std::pair<int, int>> loaded;  // the partitions whose ones are in the array
    for (const LaneChunk& c : list) {
        const Operand moving = source(c);
        const std::pair<int, int> lanes{moving.ap.partition_start, c.lanes};
        if (loaded != lanes) {
            program::LoadStationary load;
            load.src = make_access(Space::state_buffer, lanes.first, lanes.second, 0, dtype_, {{1, columns}});
            push(pe(), load, {one});
        }
        push(pe(), program::Matmul{moving.ap, sum.ap, loaded.has_value()}, {moving.buffer, kNoBuffer});
        loaded = lanes;
    }
    return sum;
}

/// Evacuates a PSUM row block that every lane shares into both halves of the partitions.
Operand Emitter::spread(const char* name, const Operand& sum, std::int64_t elements, float scale, float bias,
                        program::ActFunction function) {
    const int half = target_.sb_partitions / 2;
    Operand both = scratch(name, 0, target_.sb_partitions, elements, DType::fp32);
    for (int start : {0, half}) {
        program::Activate a;
        a.src = sum.ap;
        a.src.partition_count = static_cast<std::uint8_t>(std::min<int>(half, sum.ap.partition_count));
        a.dst = make_access(Space::state_buffer, start, a.src.partition_count, 0, DType::fp32, {{1, elements}});
        a.scale = scale;
        if (bias != 0) a.bias = program::ScalarOperand::immediate(bias);
        a.function = function;
        push(act(), a, {kNoBuffer, both.buffer});
    }
    return both;
}

void Emitter::emit_layer_norm(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    ensure_storage(l.output.value, image);
    const int cols = value(l.inputs[0].value).phys.cols, tile = most_moving();
    for (int col = 0; col < cols; col += tile)
        emit_layer_norm_tile(layer, image, {0, 1, 1, col, std::min(tile, cols - col), 1});
}

void Emitter::emit_layer_norm_tile(int layer, int image, const Rect& rect) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<LayerNormOp>(l.op);
    std::vector<graph::TensorId> tensors = {op.gamma};
    if (op.beta != graph::kNoTensor) tensors.push_back(op.beta);
    const BufferId constants = channel_constants(layer, 0, l.output, tensors, false);
    layer_ = layer;
    image_ = image;
    const Part& in = l.inputs[0];
    const int n = rect.cols, half = target_.sb_partitions / 2;
    const float share = 1.0F / static_cast<float>(part_channels(in));
    const auto list = chunks({in, l.output});
    const auto runs = chunk_runs({in, l.output}, n, kNormElements);
    const auto x = [&](const LaneChunk& c) { return access(in.value, in.first_slot + c.slot, c.lanes, image, rect); };
    const Operand mean = spread("mean", sum_over_lanes(list, n, x), n, share, 0, program::ActFunction::identity);
    const std::int64_t bytes = std::int64_t(list.size()) * n * dtype_bytes(dtype_);
    const BufferId centred = new_buffer("centred", bytes, Half::both, program::Purpose::spill);
    const BufferId squares = new_buffer("squares", bytes, Half::both, program::Purpose::spill);
    const auto at = [&](BufferId b, const LaneChunk& c, int count = 1) {  // chunks side by side
        const auto index =
            std::find_if(list.begin(), list.end(), [&](const LaneChunk& o) { return o.slot == c.slot; }) - list.begin();
        return Operand{make_access(Space::state_buffer, x(c).ap.partition_start, c.lanes,
                                   index * n * dtype_bytes(dtype_), dtype_, {{1, std::int64_t{count} * n}}),
                       b};
    };
    const auto each = [&](const Operand& row, const LaneChunk& c,
                          int count) {  // the same row beside every chunk of a run
        Operand o{make_access(Space::state_buffer, x(c).ap.partition_start, c.lanes, 0, DType::fp32, {{1, n}}),
                  row.buffer};
        o.ap.count = {1, 1, step_or_count(count), step_or_count(n)};
        o.ap.step = {0, 0, 0, 1};
        return o;
    };
    for (const auto& [c, count] : runs) {
        const Operand src = access_groups(in.value, in.first_slot + c.slot, c.lanes, image, rect, count, 1),
                      m = each(mean, c, count), d = at(centred, c, count), sq = at(squares, c, count);
        program::TensorTensor centre;
        centre.a = src.ap;
        centre.b = m.ap;
        centre.dst = d.ap;
        centre.op = AluOp::subtract;
        push(pool(), centre, {src.buffer, m.buffer, d.buffer});
        program::Activate square;
        square.src = d.ap;
        square.dst = sq.ap;
        square.function = program::ActFunction::square;
        push(act(), square, {d.buffer, sq.buffer});
    }
    const Operand sum = sum_over_lanes(list, n, [&](const LaneChunk& c) { return at(squares, c); });
    const Operand norm = spread("inverse deviation", sum, n, share, op.epsilon, program::ActFunction::rsqrt);
    for (const auto& [c, count] : runs) {
        const Operand d = at(centred, c, count), r = each(norm, c, count);
        program::TensorTensor scale;
        scale.a = d.ap;
        scale.b = r.ap;
        scale.dst = d.ap;
        scale.op = AluOp::multiply;
        push(pool(), scale, {d.buffer, r.buffer, d.buffer});
    }
    for (const LaneChunk& c : list) {
        const Operand d = at(centred, c),
                      dst = access(l.output.value, l.output.first_slot + c.slot, c.lanes, image, rect);
        const int slot = l.output.first_slot % 2 + c.slot, count = static_cast<int>(tensors.size());
        const auto scalar = [&](int which) {
            return program::ScalarOperand::per_partition(static_cast<std::uint32_t>((slot / 2 * count + which) * 4),
                                                         static_cast<std::uint8_t>(slot % 2 * half), DType::fp32);
        };
        program::TensorScalar affine;
        affine.src = d.ap;
        affine.dst = dst.ap;
        affine.op0 = AluOp::multiply;
        affine.scalar0 = scalar(0);
        if (count > 1) {
            affine.op1 = AluOp::add;
            affine.scalar1 = scalar(1);
        }
        push(pool(), affine, {d.buffer, dst.buffer}, constants, count > 1 ? constants : kNoBuffer);
    }
}

std::uint32_t Emitter::band_segment(int layer, std::vector<Band>& bands) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<LrnOp>(l.op);
    const Part& in = l.inputs[0];
    const auto& lanes = value(in.value).phys.lanes;
    const int below = (op.size - 1) / 2, above = op.size - 1 - below, element = dtype_bytes(dtype_);
    program::Segment segment;
    segment.name = l.name + "/band";
    segment.purpose = program::Purpose::constants;
    segment.dtype = dtype_;
    segment.region = static_cast<std::uint8_t>(options_.activations_region);
    const auto channel = [&](int s) { return first_channel(value(in.value).phys, in.first_slot + s); };
    for (int out = 0; out < in.slots; ++out)
        for (int from = 0; from < in.slots; ++from) {
            const int m = lanes[static_cast<std::size_t>(in.first_slot + out)],
                      k = lanes[static_cast<std::size_t>(in.first_slot + from)];
            const int shift = channel(from) - channel(out);  // channel of row 0 relative to that of column 0
            if (shift + k - 1 < -below || shift > m - 1 + above) continue;
            bands.push_back({out, from, static_cast<std::int64_t>(bands.size()) * target_.pe_columns * element});
        }
    const std::int64_t row = static_cast<std::int64_t>(bands.size()) * target_.pe_columns * element;
    segment.bytes = row * target_.sb_partitions;
    const int half = target_.sb_partitions / 2;
    for (const Band& b : bands) {
        const int m = lanes[static_cast<std::size_t>(in.first_slot + b.out)],
                  k = lanes[static_cast<std::size_t>(in.first_slot + b.from)];
        const int shift = channel(b.from) - channel(b.out);
        for (int d = -below; d <= above; ++d) {  // row channel = column channel + d
            const int first = std::max(0, d - shift), last = std::min(k - 1, m - 1 + d - shift);
            if (first > last) continue;
            program::RecipeBox box;
            box.tensor = program::kLiteral;
            box.literal = 1.0F;
            box.count[0] = last - first + 1;
            box.segment_step[0] = row + element;
            box.segment_offset =
                ((in.first_slot + b.from) % 2 * half + first) * row + b.offset + (first - d + shift) * element;
            segment.recipe.push_back(box);
        }
    }
    code_.segments.push_back(std::move(segment));
    return static_cast<std::uint32_t>(code_.segments.size()) - 1;
}

BufferId Emitter::band_constants(int layer) {
    const auto key = std::make_pair(layer, 0);
    if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
    if (constant_segment_.find(key) == constant_segment_.end())
        constant_segment_[key] = band_segment(layer, bands_[layer]);
    const std::int64_t elements = static_cast<std::int64_t>(bands_[layer].size()) * target_.pe_columns;
    const std::int64_t row = elements * dtype_bytes(dtype_);
    const BufferId buffer = new_buffer(net_.layers[static_cast<std::size_t>(layer)].name + "/band", row, Half::both,
                                       program::Purpose::constants);
    load_ = code_.loads.next_id();
    code_.loads.push_back({buffer, static_cast<std::int32_t>(Stream::constants)});
    program::DmaLoad dma;
    dma.dst = make_access(Space::state_buffer, 0, target_.sb_partitions, 0, dtype_, {{1, elements}});
    dma.src.segment = constant_segment_[key];
    dma.src.partition_step = static_cast<std::uint32_t>(row);
    dma.src.count = dma.dst.count;
    for (int d = 0; d < program::kAccessDims; ++d)
        dma.src.step[d] = static_cast<std::uint32_t>(dma.dst.step[d] * dtype_bytes(dtype_));
    push(ring(next_engine_++, 2), dma, {buffer});
    load_ = kNoLoad;
    return constants_[key] = buffer;
}

void Emitter::emit_lrn(int layer, int image) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    ensure_storage(l.output.value, image);
    const BufferId band = band_constants(layer);
    layer_ = layer;
    const Physical& phys = value(l.inputs[0].value).phys;
    const int cols = std::min(phys.cols, most_moving()), rows = most_moving() / cols;
    for (int row = 0; row < phys.rows; row += rows)
        for (int col = 0; col < phys.cols; col += cols)
            emit_lrn_tile(layer, image,
                          {row, std::min(rows, phys.rows - row), 1, col, std::min(cols, phys.cols - col), 1}, band);
}

void Emitter::emit_lrn_tile(int layer, int image, const Rect& rect, BufferId band) {
    const Layer& l = net_.layers[static_cast<std::size_t>(layer)];
    const auto& op = std::get<LrnOp>(l.op);
    const Part& in = l.inputs[0];
    const Physical& phys = value(in.value).phys;
    const std::int64_t n = std::int64_t{rect.rows} * rect.cols;
    const auto x = [&](int s) {
        return access(in.value, in.first_slot + s, phys.lanes[static_cast<std::size_t>(in.first_slot + s)], image,
                      rect);
    };
    std::vector<Operand> squares;
    for (int s = 0; s < in.slots; ++s) {
        const Operand src = x(s);
        squares.push_back(scratch("squares", src.ap.partition_start, src.ap.partition_count, n, dtype_));
        program::Activate square;
        square.src = src.ap;
        square.dst = squares.back().ap;
        square.function = program::ActFunction::square;
        push(act(), square, {src.buffer, squares.back().buffer});
    }
    for (int out = 0; out < in.slots; ++out) {
        const int lanes = phys.lanes[static_cast<std::size_t>(in.first_slot + out)];
        const Operand sum = psum(take_bank(), lanes, 0, {{1, n}});
        bool first = true;
        for (const Band& b : bands_[layer]) {
            if (b.out != out) continue;
            const Operand& sq = squares[static_cast<std::size_t>(b.from)];
            program::LoadStationary load;
            load.src = make_access(Space::state_buffer, sq.ap.partition_start, sq.ap.partition_count, b.offset, dtype_,
                                   {{1, lanes}});
            push(pe(), load, {band});
            push(pe(), program::Matmul{sq.ap, sum.ap, !first}, {sq.buffer, kNoBuffer});
            first = false;
        }
        const Operand src = x(out);
        const Operand log = scratch("lrn log", src.ap.partition_start, lanes, n, DType::fp32);
        const Operand power = scratch("lrn power", src.ap.partition_start, lanes, n, DType::fp32);
        program::Activate a;
        a.src = sum.ap;
        a.dst = log.ap;
        a.scale = op.alpha / static_cast<float>(op.size);
        a.bias = program::ScalarOperand::immediate(op.bias);
        a.function = program::ActFunction::log;
        push(act(), a, {kNoBuffer, log.buffer});
        program::Activate e;
        e.src = log.ap;
        e.dst = power.ap;
        e.scale = -op.beta;
        e.function = program::ActFunction::exp;
        push(act(), e, {log.buffer, power.buffer});
        const Operand dst = access(l.output.value, l.output.first_slot + out, lanes, image, rect);
        program::TensorTensor t;
        t.a = src.ap;
        t.b = power.ap;
        t.dst = dst.ap;
        t.op = AluOp::multiply;
        push(pool(), t, {src.buffer, power.buffer, dst.buffer});
    }
}

}  // namespace infsim::compiler
