// Graph inputs and outputs, and constants other than weights.
#include <algorithm>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "compiler/emit/emitter.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using program::Purpose;
using program::Space;

void Emitter::add_io_segments() {
    const auto add = [&](graph::TensorId id, Purpose purpose) {
        program::Segment s;
        s.name = graph_.tensor(id).name;
        s.purpose = purpose;
        s.dtype = dram_dtype(id);
        s.region = static_cast<std::uint8_t>(options_.activations_region);
        s.bytes = graph::element_count(graph_.tensor(id).shape) * dtype_bytes(s.dtype) * batch_;
        s.tensors = {s.name};
        code_.segments.push_back(std::move(s));
        return static_cast<std::uint32_t>(code_.segments.size()) - 1;
    };
    input_index_.assign(net_.values.size(), -1);
    for (std::size_t i = 0; i < net_.inputs.size(); ++i) {
        input_segment_.push_back(add(graph_.inputs[i], Purpose::input));
        if (net_.inputs[i].value != kNoValue)
            input_index_[static_cast<std::size_t>(net_.inputs[i].value)] = static_cast<int>(i);
    }
    stored_by_.resize(net_.layers.size());
    for (std::size_t o = 0; o < net_.outputs.size(); ++o) {
        output_segment_.push_back(add(graph_.outputs[o], Purpose::output));
        int last = -1;
        for (std::size_t l = 0; l < net_.layers.size(); ++l)
            if (net_.layers[l].output.value == net_.outputs[o].value) last = static_cast<int>(l);
        if (last < 0)
            throw InputError(graph_.name, "output " + graph_.tensor(graph_.outputs[o]).name,
                             "is a graph input; nothing would run on the chip");
        stored_by_[static_cast<std::size_t>(last)].push_back(static_cast<int>(o));
    }
}

namespace {

/// The DRAM side that matches an on-chip pattern of `rows` x `cols` elements.
program::DramPattern dram_side(std::uint32_t segment, std::int64_t element_offset, const RowMajor& order, int element,
                               std::int64_t rows, std::int64_t cols) {
    program::DramPattern p;
    p.segment = segment;
    p.offset = static_cast<std::uint32_t>(element_offset * element);
    p.partition_step = static_cast<std::uint32_t>(order.lane * element);
    p.count[2] = step_or_count(rows);
    p.count[3] = step_or_count(cols);
    p.step[2] = static_cast<std::uint32_t>(order.row * element);
    p.step[3] = static_cast<std::uint32_t>(order.col * element);
    return p;
}

}  // namespace

void Emitter::load_input(ValueId v, int image, int first_row, int last_row, BufferId into, int row0, int rows) {
    const int which = input_index_[static_cast<std::size_t>(v)];
    const View& view = net_.inputs[static_cast<std::size_t>(which)];
    const Physical& phys = value(v).phys;
    const RowMajor order = row_major(view, phys);
    const DType dram = dram_dtype(value(v).input), here = value(v).dtype;
    const std::int64_t item = graph::element_count(graph_.tensor(graph_.inputs[static_cast<std::size_t>(which)]).shape);
    const bool convert = dram != here;
    const int new_rows = last_row - first_row;
    const std::int64_t stage_plane = std::int64_t{new_rows} * phys.cols;
    BufferId stage = into;
    if (convert)
        stage = new_buffer(value(v).name + "/as received", stage_plane * phys.groups() * dtype_bytes(dram),
                           code_.buffers[into].half, Purpose::input);
    load_ = code_.loads.next_id();
    code_.loads.push_back({stage, static_cast<std::int32_t>(Stream::inputs)});
    const std::int64_t plane = convert ? stage_plane : std::int64_t{rows} * phys.cols;
    const std::int64_t first = convert ? 0 : std::int64_t{first_row - row0} * phys.cols;
    for (int s = 0; s < view.slots; ++s) {
        const int lanes = phys.lanes[static_cast<std::size_t>(s)], half = half_of(v, s, image);
        program::DmaLoad dma;
        dma.dst =
            make_access(Space::state_buffer, half * target_.sb_partitions / 2, lanes,
                        (s / 2 * plane + first) * dtype_bytes(dram), dram, {{phys.cols, new_rows}, {1, phys.cols}});
        dma.src = dram_side(input_segment_[static_cast<std::size_t>(which)],
                            image * item + order.slot[static_cast<std::size_t>(s)] + first_row * order.row, order,
                            dtype_bytes(dram), new_rows, phys.cols);
        push(ring(next_engine_++, 1), dma, {stage});
    }
    load_ = kNoLoad;
    if (!convert) return;
    for (int s = 0; s < view.slots; ++s) {
        const int lanes = phys.lanes[static_cast<std::size_t>(s)],
                  half = half_of(v, s, image) * target_.sb_partitions / 2;
        program::Activate cast;
        cast.src =
            make_access(Space::state_buffer, half, lanes, s / 2 * plane * dtype_bytes(dram), dram, {{1, stage_plane}});
        cast.dst = make_access(
            Space::state_buffer, half, lanes,
            (s / 2 * std::int64_t{rows} * phys.cols + std::int64_t{first_row - row0} * phys.cols) * dtype_bytes(here),
            here, {{1, stage_plane}});
        push(act(), cast, {stage, into});
    }
}

void Emitter::emit_input(ValueId v, int image) {
    const auto index = static_cast<std::size_t>(v);
    if (input_index_[index] < 0 || has_storage(v, image)) return;
    const Physical& phys = value(v).phys;
    image_ = image;
    if (in_bands(v)) {
        make_bands(v, image, Purpose::input);
        const std::vector<Place> bands = row_bands_.at({v, image});
        for (const Place& band : bands)
            load_input(v, image, band.row0, band.row0 + band.rows, band.buffer, band.row0, band.rows);
        return;
    }
    // Every image of an input has its own buffer: they arrive and die one by one.
    const Half half = phys.slots() > 1 ? Half::both : half_of(v, 0, image) == 1 ? Half::upper : Half::lower;
    const BufferId b =
        new_buffer(value(v).name, phys.groups() * phys.plane() * dtype_bytes(value(v).dtype), half, Purpose::input);
    places_[index][static_cast<std::size_t>(image)] = {b, 0, phys.rows, 0, 1};
    load_input(v, image, 0, phys.rows, b, 0, phys.rows);
}

void Emitter::store_band(std::size_t output, int image, const Place& band) {
    const View& view = net_.outputs[output];
    const Physical& phys = value(view.value).phys;
    const RowMajor order = row_major(view, phys);
    const DType dram = dram_dtype(graph_.outputs[output]), here = value(view.value).dtype;
    const std::int64_t item = graph::element_count(graph_.tensor(graph_.outputs[output]).shape),
                       plane = std::int64_t{band.rows} * phys.cols;
    BufferId cast = kNoBuffer;
    if (dram != here)
        cast = new_buffer(value(view.value).name + "/as sent", phys.groups() * plane * dtype_bytes(dram),
                          code_.buffers[band.buffer].half, Purpose::spill);
    for (int s = 0; s < view.slots; ++s) {
        const int slot = view.first_slot + s, lanes = phys.lanes[static_cast<std::size_t>(slot)];
        Operand src = access(view.value, slot, lanes, image, {band.row0, band.rows, 1, 0, phys.cols, 1});
        if (cast != kNoBuffer) {
            const int group = phys.slots() > 1 ? slot / 2 : 0;
            const Operand sent{make_access(Space::state_buffer, src.ap.partition_start, lanes,
                                           group * plane * dtype_bytes(dram), dram, {{1, plane}}),
                               cast};
            program::Activate convert;
            convert.src = src.ap;
            convert.dst = sent.ap;
            push(act(), convert, {src.buffer, sent.buffer});
            src = sent;
        }
        const auto there = dram_side(output_segment_[output],
                                     image * item + order.slot[static_cast<std::size_t>(s)] + band.row0 * order.row,
                                     order, dtype_bytes(dram), band.rows, phys.cols);
        push(ring(next_engine_++, 3), program::DmaStore{src.ap, there}, {src.buffer});
    }
}

void Emitter::store_view(std::size_t output, int image) {
    const View& view = net_.outputs[output];
    if (in_bands(view.value)) {
        image_ = image;
        for (const Place& band : row_bands_.at({view.value, image})) store_band(output, image, band);
        return;
    }
    const DType dram = dram_dtype(graph_.outputs[output]);
    const std::int64_t item = graph::element_count(graph_.tensor(graph_.outputs[output]).shape);
    image_ = image;
    Residence from = residence(view.value, image);
    if (dram != from.dtype) {
        const Residence cast = staged(view.value, image, dram, "/as sent", Purpose::spill);
        convert(from, cast, view);
        from = cast;
    }
    Strided there;
    there.axes = row_major_axes(shape_of(view));
    transfer(transfer_walk(view, value(view.value).phys, there, {}, {}), from, output_segment_[output], image * item,
             false, 3);
}

void Emitter::store_outputs(int layer, int image) {
    layer_ = layer;
    for (int o : stored_by_[static_cast<std::size_t>(layer)]) store_view(static_cast<std::size_t>(o), image);
}

BufferId Emitter::channel_constants(int layer, int which, const Part& part, const std::vector<graph::TensorId>& tensors,
                                    bool lower_only) {
    const auto key = std::make_pair(layer, which);
    if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
    const auto& lanes = value(part.value).phys.lanes;
    const int half = target_.sb_partitions / 2, count = static_cast<int>(tensors.size());
    const int partitions = lower_only ? half : target_.sb_partitions;
    const int columns = lower_only ? part.slots : (part.first_slot % 2 + part.slots + 1) / 2;
    const std::int64_t row = std::int64_t{columns} * count * 4;
    if (constant_segment_.find(key) == constant_segment_.end()) {
        program::Segment segment;
        segment.name = net_.layers[static_cast<std::size_t>(layer)].name + "/constants";
        segment.purpose = Purpose::constants;
        segment.dtype = DType::fp32;
        segment.region = static_cast<std::uint8_t>(options_.activations_region);
        segment.bytes = row * partitions;
        for (int t = 0; t < count; ++t) {
            segment.tensors.push_back(graph_.tensor(tensors[static_cast<std::size_t>(t)]).name);
            const bool single = graph::element_count(graph_.tensor(tensors[static_cast<std::size_t>(t)]).shape) == 1;
            int channel = 0;
            for (int s = 0; s < part.slots; ++s) {
                const int slot = part.first_slot % 2 + s, n = lanes[static_cast<std::size_t>(part.first_slot + s)];
                program::RecipeBox box;
                box.tensor = static_cast<std::uint32_t>(t);
                box.count = {n, 1, 1, 1, 1, 1};
                box.segment_step[0] = row;
                box.segment_offset = lower_only ? (std::int64_t{s} * count + t) * 4
                                                : slot % 2 * half * row + (std::int64_t{slot / 2} * count + t) * 4;
                box.tensor_offset = single ? 0 : channel;
                box.tensor_step[0] = single ? 0 : 1;
                segment.recipe.push_back(box);
                channel += n;
            }
        }
        constant_segment_[key] = static_cast<std::uint32_t>(code_.segments.size());
        code_.segments.push_back(std::move(segment));
    }
    const BufferId buffer = new_buffer(net_.layers[static_cast<std::size_t>(layer)].name + "/constants", row,
                                       lower_only ? Half::lower : Half::both, Purpose::constants);
    load_ = code_.loads.next_id();
    code_.loads.push_back({buffer, static_cast<std::int32_t>(Stream::constants)});
    program::DmaLoad dma;
    dma.dst = make_access(Space::state_buffer, 0, partitions, 0, DType::fp32, {{1, row / 4}});
    dma.src.segment = constant_segment_[key];
    dma.src.partition_step = static_cast<std::uint32_t>(row);
    dma.src.count = dma.dst.count;
    for (int d = 0; d < program::kAccessDims; ++d) dma.src.step[d] = dma.dst.step[d] * 4U;
    push(ring(next_engine_++, 2), dma, {buffer});
    load_ = kNoLoad;
    return constants_[key] = buffer;
}

BufferId Emitter::ones() {
    if (ones_ != kNoBuffer) return ones_;
    const int columns = std::min(target_.pe_columns, target_.sb_partitions / 2);
    ones_ = new_buffer("ones", columns * dtype_bytes(dtype_), Half::both, Purpose::constants);
    push(pool(),
         program::Memset{make_access(Space::state_buffer, 0, target_.sb_partitions, 0, dtype_, {{1, columns}}), 1.0F},
         {ones_});
    return ones_;
}

}  // namespace infsim::compiler
