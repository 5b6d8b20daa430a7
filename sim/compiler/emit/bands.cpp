// Images in bands of rows: what may be larger than the state buffer as a whole.
#include <algorithm>

#include "base/check.hpp"
#include "compiler/emit/emitter.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Purpose;

/// Only values whose every reader and writer works row by row lie in bands. What streams through the stem never is
/// there as a whole anyway.
void Emitter::analyse_bands() {
    band_rows_.assign(net_.values.size(), 0);
    if (plan_.band_bytes <= 0) return;
    std::vector<bool> able(net_.values.size(), true);
    for (int l = 0; l < static_cast<int>(net_.layers.size()); ++l) {
        const Layer& layer = net_.layers[static_cast<std::size_t>(l)];
        const auto* binary = std::get_if<BinaryOp>(&layer.op);
        const bool repeats = binary && (binary->inner > 1 || binary->spread);
        const bool by_rows =
            !repeats &&
            (std::holds_alternative<ConvOp>(layer.op) || std::holds_alternative<PoolOp>(layer.op) ||
             std::holds_alternative<UnaryOp>(layer.op) || std::holds_alternative<ScalarOp>(layer.op) ||
             std::holds_alternative<CopyOp>(layer.op) || std::holds_alternative<ReplicateOp>(layer.op) || binary);
        const bool stem = l < net_.stem_layers;
        for (const Part& in : layer.inputs)
            if (!by_rows || stem) able[static_cast<std::size_t>(in.value)] = false;
        if (!by_rows || (stem && l + 1 < net_.stem_layers)) able[static_cast<std::size_t>(layer.output.value)] = false;
    }
    for (const auto* views : {&net_.inputs, &net_.outputs})
        for (const View& v : *views)
            if (v.value != kNoValue && !is_image(v)) able[static_cast<std::size_t>(v.value)] = false;
    for (std::size_t v = 0; v < net_.values.size(); ++v) {
        const Value& value = net_.values[v];
        const std::int64_t row = std::int64_t{value.phys.groups()} * value.phys.cols * dtype_bytes(value.dtype);
        if (!able[v] || small_[v] || value.scratch_elements > 0 || value.phys.rows < 2 ||
            row * value.phys.rows <= plan_.band_bytes)
            continue;
        band_rows_[v] = static_cast<int>(std::max<std::int64_t>(1, plan_.band_bytes / row));
    }
}

bool Emitter::has_storage(ValueId v, int image) const {
    return in_bands(v) ? row_bands_.count({v, image}) > 0
                       : places_[static_cast<std::size_t>(v)][static_cast<std::size_t>(image)].buffer != kNoBuffer;
}

void Emitter::make_bands(ValueId v, int image, Purpose purpose) {
    const Physical& phys = value(v).phys;
    const int height = band_rows_[static_cast<std::size_t>(v)];
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    auto& list = row_bands_[{v, image}];
    for (int row = 0; row < phys.rows; row += height) {
        const int rows = std::min(height, phys.rows - row);
        const std::int64_t bytes = std::int64_t{phys.groups()} * rows * phys.cols * dtype_bytes(value(v).dtype);
        list.push_back({new_buffer(value(v).name, bytes, half, purpose), row, rows, 0, 1});
    }
}

const Emitter::Place& Emitter::place(ValueId v, int image, int row) const {
    if (window_ && window_->first == v) return window_->second;
    if (!in_bands(v)) return place(v, image);
    const auto found = row_bands_.find({v, image});
    INFSIM_CHECK(found != row_bands_.end(), "value " + value(v).name + " is read before it has a place");
    return found->second.at(static_cast<std::size_t>(row / band_rows_[static_cast<std::size_t>(v)]));
}

std::vector<RowRange> Emitter::cut_rows(std::initializer_list<ValueId> values, int first, int count) const {
    std::vector<RowRange> list;
    for (int row = first; row < first + count;) {
        int end = first + count;
        for (ValueId v : values)
            if (in_bands(v)) {
                const int height = band_rows_[static_cast<std::size_t>(v)];
                end = std::min(end, (row / height + 1) * height);
            }
        list.push_back({row, end});
        row = end;
    }
    return list;
}

std::vector<RowRange> Emitter::output_pieces(const Layer& layer, int first, int count) const {
    const ValueId in = layer.inputs[0].value, out = layer.output.value;
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    const ValueId residual = conv && conv->residual ? conv->residual->value : out;
    std::vector<RowRange> list;
    for (const RowRange& range : cut_rows({out, residual}, first, count)) {
        int step = range.hi - range.lo;
        if (in_bands(in)) {
            const int bands = (value(in).phys.rows + band_rows_[static_cast<std::size_t>(in)] - 1) /
                              band_rows_[static_cast<std::size_t>(in)];
            step = std::min(step, std::max(1, value(out).phys.rows / bands));
        }
        for (int row = range.lo; row < range.hi; row += step) list.push_back({row, std::min(row + step, range.hi)});
    }
    return list;
}

void Emitter::gather_window(const Part& part, int image, RowRange rows) {
    const ValueId v = part.value;
    const Physical& phys = value(v).phys;
    Half half = Half::both;
    if (phys.slots() == 1) half = half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    const int count = rows.hi - rows.lo;
    const BufferId b =
        new_buffer(value(v).name + "/window",
                   std::int64_t{phys.groups()} * count * phys.cols * dtype_bytes(value(v).dtype), half, Purpose::spill);
    code_.buffers[b].rotates = true;
    const Place here{b, rows.lo, count, 0, 1};
    for (const RowRange& range : cut_rows({v}, rows.lo, count))
        for (const LaneChunk& c : chunks({part})) {
            const Rect rect{range.lo, range.hi - range.lo, 1, 0, phys.cols, 1};
            const Operand src = access(v, part.first_slot + c.slot, c.lanes, image, rect);
            window_.emplace(v, here);
            const Operand dst = access(v, part.first_slot + c.slot, c.lanes, image, rect);
            window_.reset();
            push(pool(), program::TensorScalar{src.ap, dst.ap, {}, {}, program::AluOp::none, program::AluOp::none},
                 {src.buffer, dst.buffer});
        }
    window_.emplace(v, here);
}

}  // namespace infsim::compiler
