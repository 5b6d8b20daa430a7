#include "compiler/lower/prospect.hpp"

#include <utility>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

using graph::TensorId;

Physical Prospect::phys() const {
    Physical part = full;
    part.lanes.assign(full.lanes.begin() + view.first_slot, full.lanes.begin() + view.first_slot + view.slots);
    return part;
}

Prospect prospect_of(const Layout& layout, DType dtype) {
    return {{kNoValue, 0, layout.phys.slots(), without_units(layout.axes)}, layout.phys, dtype};
}

Prospect prospect_of(const Lowering& low, const View& view) {
    return {view, low.value(view).phys, low.value(view).dtype};
}

std::optional<Prospect> look(const Lowering& low, TensorId id) {
    if (const auto found = low.at.views.find(id); found != low.at.views.end()) return prospect_of(low, found->second);
    const auto from = look_in_dram(low, id);
    if (!from) return std::nullopt;
    const Layout layout = low.free_layout(low.source.shape(id));
    if (!is_addressable(layout)) return std::nullopt;
    return prospect_of(layout, dtype_of(low, *from));
}

std::optional<Strided> look_in_dram(const Lowering& low, TensorId id) {
    if (id == graph::kNoTensor) return std::nullopt;
    if (const auto found = low.at.strided.find(id); found != low.at.strided.end()) return found->second;
    const auto axes = row_major_axes(low.source.shape(id));
    if (low.source.is_constant(id)) return Strided{Strided::Source::constant, id, 0, axes};
    if (low.at.views.count(id) == 0) return std::nullopt;
    return Strided{Strided::Source::scratch, -1, 0, axes};
}

namespace {

/// Whether no axis holds only a part of the columns.
bool columns_are_whole(const View& view, const Physical& phys) {
    for (std::size_t a = 0; a < view.axes.size(); ++a)
        for (const Factor& f : view.axes[a])
            if (f.dim == Dim::col && !is_whole(view, a, Dim::col, phys)) return false;
    return true;
}

}  // namespace

std::optional<Prospect> transposed(const Prospect& from, int heads, int width) {
    const Physical phys = from.phys();
    if (phys.rows != 1 || phys.slots() % heads != 0 || !columns_are_whole(from.view, phys)) return std::nullopt;
    Layout to;
    for (int h = 0; h < heads; ++h)
        for (const int l : split_channels(phys.cols, width)) to.phys.lanes.push_back(l);
    to.phys.cols = phys.channels() / heads;
    const std::int64_t slots = ceil_div(phys.cols, width), before = phys.slots() / heads;  // slots per head
    to.axes = from.view.axes;
    for (auto& axis : to.axes)
        for (Factor& f : axis) {
            if (f.dim == Dim::slot) f.step = f.step / before * slots;
            else if (f.dim == Dim::col)
                f = slots == 1 && heads > 1 ? Factor{Dim::lane, f.extent} : Factor{Dim::channel, f.extent};
            else if (f.dim == Dim::lane || f.dim == Dim::channel) f = Factor{Dim::col, f.extent};
        }
    return prospect_of(to, from.dtype);
}

bool turns_to_tokens(const Prospect& from) {
    const View& view = from.view;
    const std::size_t rank = view.axes.size();
    const bool rows = rank >= 2 && from.full.rows == 1 && from.fills_value() && !view.axes[rank - 1].empty() &&
                      is_whole(view, rank - 1, Dim::col, from.full) && axis_is(view, rank - 2, Dim::channel);
    if (is_tokens(view) || !rows) return false;
    for (std::size_t i = 0; i + 2 < rank; ++i)
        if (!view.axes[i].empty()) return false;
    return true;
}

std::optional<Prospect> look_at_tokens(const Lowering& low, TensorId id) {
    auto from = look(low, id);
    if (!from || !turns_to_tokens(*from)) return from;
    if (const auto found = low.at.tokens.find(id); found != low.at.tokens.end()) return prospect_of(low, found->second);
    return transposed(*from, 1, low.source.columns);
}

bool is_packed(const Lowering& low, const Strided& s) {
    return low.options.packed_constants &&
           (s.source == Strided::Source::constant || s.source == Strided::Source::literal);
}

DType dtype_of(const Lowering& low, const Strided& s) {
    switch (s.source) {
        case Strided::Source::scratch: return low.net.values.at(ValueId(s.index)).dtype;
        case Strided::Source::input:
            return low.source.chip_dtype(low.source.graph.inputs.at(static_cast<std::size_t>(s.index)));
        case Strided::Source::constant: return low.source.chip_dtype(s.index);
        case Strided::Source::literal: break;
    }
    return low.source.dtype;
}

}  // namespace infsim::compiler
