#include "compiler/lower/turned.hpp"

#include <algorithm>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

namespace {

/// Bytes per partition of a tensor to transpose, at most: it does not lie in bands.
constexpr std::int64_t kMostTurned = 24 * 1024;

bool is_floating(DType dtype) { return dtype == DType::fp16 || dtype == DType::bf16 || dtype == DType::fp32; }

bool lies_across(const std::vector<Factor>& axis) {
    return !axis.empty() && !is_free(axis.back()) && axis.back().extent >= kShortRun;
}

/// The same positions with all rows merged into one.
Layout in_one_row(Layout layout) {
    for (auto& axis : layout.axes)
        for (Factor& f : axis)
            if (f.dim == Dim::row) f = {Dim::col, f.extent, plane_step(f, layout.phys)};
    layout.phys.cols *= layout.phys.rows;
    layout.phys.rows = 1;
    return layout;
}

/// Merges neighbouring factors in the plane that are one walk, also across axes; splits an axis that lies both in the
/// plane and on partitions in two.
Axes merged(const Axes& axes, graph::Shape& shape) {
    Axes out;
    shape.clear();
    for (const auto& axis : axes)
        for (const Factor& f : axis) {
            const bool starts = &f == axis.data() || is_free(f) != is_free(out.back().back());
            const bool continues = !out.empty() && !out.back().empty() && f.dim == Dim::col &&
                                   out.back().back().dim == Dim::col && out.back().back().step == f.extent * f.step;
            if (continues) {
                out.back().back() = {Dim::col, out.back().back().extent * f.extent, f.step};
                shape.back() *= f.extent;
                continue;
            }
            if (starts) {
                out.emplace_back();
                shape.push_back(1);
            }
            out.back().push_back(f);
            shape.back() *= f.extent;
        }
    return out;
}

}  // namespace

std::optional<Turned> turned(const Layout& layout, DType dtype, const SlotGeometry& slots) {
    if (!is_floating(dtype) || layout.phys.channels() * layout.phys.plane() < kFewElements) return std::nullopt;
    Turned t;
    Layout flat = in_one_row(layout);
    flat.axes = merged(without_units(flat.axes), t.shape);
    t.heads = heads_in_slots(flat.axes);
    const auto other = transposed(prospect_of(flat, dtype), t.heads, slots.width);
    const auto bytes = [&](const Physical& phys) { return elements_per_partition(slots, phys) * dtype_bytes(dtype); };
    if (!other || std::max(bytes(other->full), bytes(layout.phys)) > kMostTurned) return std::nullopt;
    const auto back = transposed(*other, t.heads, slots.width);
    if (!back || !(back->full == flat.phys)) return std::nullopt;
    t.layout = {other->full, other->view.axes};
    const auto& runs = t.layout.axes.back();
    if (!is_addressable(t.layout) || (layout.phys.plane() == 1 && !lies_in_plane(runs))) return std::nullopt;
    return t;
}

View with_rows_on_partitions(Lowering& low, const View& view) {
    const auto innermost =
        std::find_if(view.axes.rbegin(), view.axes.rend(), [](const auto& axis) { return !axis.empty(); });
    if (!low.options.turned_transfers || innermost == view.axes.rend() || !lies_across(*innermost)) return view;
    const DType dtype = low.value(view).dtype;
    const auto t = turned(low.layout_of(view), dtype, low.net.slots);
    if (!t) return view;
    View out = low.whole(low.new_value(low.value(view).name + "^T", t->layout.phys, dtype), t->layout.axes);
    low.add_layer(*low.node, "transpose", TransposeOp{t->heads}, {view}, out);
    return out;
}

namespace {

/// Whether rows of the tensor in device DRAM lie across the partitions of `layout`.
bool arrives_across(const Lowering& low, const Strided& s, const Layout& layout) {
    if (is_packed(low, s)) return false;
    for (std::size_t a = 0; a < s.axes.size(); ++a)
        if (!s.axes[a].empty() && s.axes[a].back().stride == 1 && s.axes[a].back().extent >= kShortRun)
            return lies_across(layout.axes[a]);
    return false;
}

}  // namespace

std::optional<Turned> fetched_turned(const Lowering& low, const Strided& s, const Layout& layout, DType dtype) {
    if (!low.options.turned_transfers || !arrives_across(low, s, layout)) return std::nullopt;
    auto t = turned(layout, dtype, low.net.slots);
    return t && reshape(s, t->shape) ? t : std::nullopt;
}

std::optional<Turned> fetched_turned(const Lowering& low, std::vector<FetchBox>& boxes, const Layout& layout,
                                     DType dtype) {
    const bool across =
        std::all_of(boxes.begin(), boxes.end(), [&](const FetchBox& b) { return arrives_across(low, b.from, layout); });
    auto t = low.options.turned_transfers && across ? turned(layout, dtype, low.net.slots) : std::nullopt;
    const auto used = std::count_if(layout.axes.begin(), layout.axes.end(), [](const auto& a) { return !a.empty(); });
    if (!t || boxes.empty() || static_cast<std::ptrdiff_t>(t->shape.size()) != used) return std::nullopt;
    for (FetchBox& b : boxes)  // axes of one element are omitted
        for (std::size_t a = layout.axes.size(); a-- > 0;) {
            if (!layout.axes[a].empty()) continue;
            const auto at = static_cast<std::ptrdiff_t>(a);
            b.from.axes.erase(b.from.axes.begin() + at);
            if (!b.start.empty()) b.start.erase(b.start.begin() + at);
            if (!b.step.empty()) b.step.erase(b.step.begin() + at);
        }
    return t;
}

}  // namespace infsim::compiler
