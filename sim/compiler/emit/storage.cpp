#include "compiler/emit/storage.hpp"

#include "base/check.hpp"

namespace infsim::compiler {

using program::Space;

ValueStorage::ValueStorage(const EmitInput& input, const Plan& plan, CodeBuilder& builder)
    : network_(input.network),
      slots_(input.network.slots),
      batch_(input.batch),
      pass_(plan.images_of_a_pass(input.batch)),
      builder_(builder),
      facts_(value_facts(input, plan)),
      places_(input.network.values.size(), IdVector<ImageId, Place>(static_cast<std::size_t>(input.batch))) {}

bool ValueStorage::has(ValueId v, ImageId image) const {
    return in_bands(v) ? bands_.count({v, image}) > 0 : places_[v][image].buffer.exists();
}

void ValueStorage::ensure(ValueId v, const Where& at) {
    if (has(v, at.image)) return;
    if (in_bands(v)) return make_bands(v, at, program::Purpose::spill);
    const Physical& phys = value(v).phys;
    const std::int64_t bytes = elements_per_partition(slots_, phys) * dtype_bytes(value(v).dtype);
    if (is_array(v)) return make_array(v, at, bytes);
    const BufferId b =
        builder_.new_buffer(at.layer, value(v).name, bytes, partitions_of(v, at.image), program::Purpose::spill);
    places_[v][at.image] = {b, 0, phys.rows, 0, 1};
    if (facts_[v].passing) builder_.let_rotate(b);
}

void ValueStorage::make_array(ValueId v, const Where& at, std::int64_t image_bytes) {
    const Physical& phys = value(v).phys;
    const Half half = fits_half(slots_, phys) ? Half::lower : Half::both;
    const int together = facts_[v].array_images, begin = at.image.value() / pass_ * pass_;
    const int first = begin + (at.image.value() - begin) / together * together;
    const int count = std::min(together, std::min(begin + pass_, batch_) - first);
    const BufferId b =
        builder_.new_buffer(at.layer, value(v).name, image_bytes * count, half, program::Purpose::spill, count);
    for (int i = 0; i < count; ++i) places_[v][ImageId(first + i)] = {b, 0, phys.rows, i, count};
}

void ValueStorage::make_bands(ValueId v, const Where& at, program::Purpose purpose) {
    const Physical& phys = value(v).phys;
    const int height = facts_[v].band_rows;
    const Half half = partitions_of(v, at.image);
    auto& list = bands_[{v, at.image}];
    for (int row = 0; row < phys.rows; row += height) {
        const int rows = std::min(height, phys.rows - row);
        const std::int64_t bytes = elements_per_partition(slots_, phys, rows) * dtype_bytes(value(v).dtype);
        list.push_back({builder_.new_buffer(at.layer, value(v).name, bytes, half, purpose), row, rows, 0, 1});
    }
}

const std::vector<Place>& ValueStorage::bands(ValueId v, ImageId image) const { return bands_.at({v, image}); }

void ValueStorage::take_over(ValueId from, ValueId to, ImageId image) {
    if (in_bands(to)) bands_[{to, image}] = bands_.at({from, image});
    else places_[to][image] = place(from, image);
}

const Place& ValueStorage::place(ValueId v, ImageId image) const {
    const Place& p = places_[v][image];
    INFSIM_CHECK(p.buffer.exists(), "value " + value(v).name + " is read before it has a place");
    return p;
}

const Place& ValueStorage::place(ValueId v, ImageId image, int row) const {
    if (window_ && window_->first == v) return window_->second;
    if (!in_bands(v)) return place(v, image);
    const auto found = bands_.find({v, image});
    INFSIM_CHECK(found != bands_.end(), "value " + value(v).name + " is read before it has a place");
    return found->second.at(static_cast<std::size_t>(row / facts_[v].band_rows));
}

bool ValueStorage::in_upper_half(ValueId v, ImageId image) const {
    return facts_[v].pairable && image.value() % 2 == 1;
}

int ValueStorage::first_partition(ValueId v, int slot, ImageId image) const {
    return slots_.partition_of(slot) + (in_upper_half(v, image) ? slots_.partitions() / 2 : 0);
}

Half ValueStorage::partitions_of(ValueId v, ImageId image) const {
    if (!fits_half(slots_, value(v).phys)) return Half::both;
    return in_upper_half(v, image) ? Half::upper : Half::lower;
}

Operand ValueStorage::access(ValueId v, int slot, int lanes, ImageId image, const Rect& rect, int images) const {
    const Place& p = place(v, image, rect.row);
    const Physical& phys = value(v).phys;
    const int group = slots_.group_of(slot);
    const std::int64_t plane = std::int64_t{p.rows} * phys.cols;
    const std::int64_t element =
        (std::int64_t{group} * p.images + p.index) * plane + std::int64_t{rect.row - p.row0} * phys.cols + rect.col;
    INFSIM_CHECK(rect.row >= p.row0 && rect.row + (rect.rows - 1) * rect.row_step < p.row0 + p.rows,
                 "rows of " + value(v).name + " outside of what is resident");
    INFSIM_CHECK(images == 1 || p.images > 1, "several images of " + value(v).name + " at once, but they lie apart");
    const DType dtype = value(v).dtype;
    return {make_access(
                Space::state_buffer, first_partition(v, slot, image), lanes, element * dtype_bytes(dtype), dtype,
                {{plane, images}, {std::int64_t{rect.row_step} * phys.cols, rect.rows}, {rect.col_step, rect.cols}}),
            p.buffer};
}

Operand ValueStorage::access_groups(ValueId v, int slot, int lanes, ImageId image, const Rect& rect, int count,
                                    int group_step) const {
    Operand o = access(v, slot, lanes, image, rect);
    if (count == 1) return o;
    const std::int64_t apart =
        std::int64_t{group_step} * place(v, image).images * place(v, image).rows * value(v).phys.cols;
    o.ap = make_access(
        Space::state_buffer, o.ap.partition_start, lanes, o.ap.offset, o.ap.dtype,
        {{apart, count}, {std::int64_t{rect.row_step} * value(v).phys.cols, rect.rows}, {rect.col_step, rect.cols}});
    return o;
}

std::vector<LaneChunk> ValueStorage::chunks(std::initializer_list<Part> parts) const {
    std::vector<LaneChunk> out;
    const Part& first = *parts.begin();
    const auto lanes_of = [&](int s) {
        const int of_value = first.first_slot + s;
        return value(first.value).phys.lanes[static_cast<std::size_t>(of_value)];
    };
    for (int s = 0; s < first.slots;) {
        LaneChunk chunk{s, 1, lanes_of(s)};
        const auto has_room = [&](const Part& p) {
            return (p.first_slot + s) % slots_.ways + chunk.slots < slots_.ways;
        };
        while (s + chunk.slots < first.slots && chunk.lanes == chunk.slots * slots_.region &&
               std::all_of(parts.begin(), parts.end(), has_room))
            chunk.lanes += lanes_of(s + chunk.slots++);
        out.push_back(chunk);
        s += chunk.slots;
    }
    return out;
}

std::vector<RowRange> ValueStorage::cut_rows(std::initializer_list<ValueId> values, int first, int count) const {
    std::vector<RowRange> list;
    for (int row = first; row < first + count;) {
        int end = first + count;
        for (ValueId v : values)
            if (in_bands(v)) end = std::min(end, (row / facts_[v].band_rows + 1) * facts_[v].band_rows);
        list.push_back({row, end});
        row = end;
    }
    return list;
}

std::vector<RowRange> output_pieces(const ValueStorage& storage, const Layer& layer, int first, int count) {
    const ValueId in = layer.inputs[0].value, out = layer.output.value;
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    const ValueId residual = conv && conv->residual ? conv->residual->value : out;
    std::vector<RowRange> list;
    for (const RowRange& range : storage.cut_rows({out, residual}, first, count)) {
        int step = range.count();
        if (storage.in_bands(in)) {
            const int height = storage.facts(in).band_rows;
            const int bands = (storage.value(in).phys.rows + height - 1) / height;
            step = std::min(step, std::max(1, storage.value(out).phys.rows / bands));
        }
        for (int row = range.lo; row < range.hi; row += step) list.push_back({row, std::min(row + step, range.hi)});
    }
    return list;
}

std::vector<ChunkRun> chunk_runs(const std::vector<LaneChunk>& chunks, int ways, std::int64_t elements,
                                 std::int64_t most) {
    std::vector<ChunkRun> runs;
    for (const LaneChunk& c : chunks) {
        const bool joins = !runs.empty() && c.slots == ways && runs.back().chunk.slots == ways &&
                           runs.back().chunk.lanes == c.lanes && (runs.back().count + 1) * elements <= most;
        if (joins) ++runs.back().count;
        else runs.push_back({c, 1});
    }
    return runs;
}

}  // namespace infsim::compiler
