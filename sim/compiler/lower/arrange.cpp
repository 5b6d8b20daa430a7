#include "compiler/lower/arrange.hpp"

#include <utility>

#include "compiler/ir/views.hpp"
#include "compiler/lower/arrange_pieces.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;
using Piece = ArrangeOp::Piece;

namespace {

bool is_all(const std::vector<std::int64_t>& list, std::int64_t extent) {
    if (static_cast<std::int64_t>(list.size()) != extent) return list.empty();
    for (std::int64_t i = 0; i < extent; ++i)
        if (list[static_cast<std::size_t>(i)] != i) return false;
    return true;
}

const View* on_chip(const Lowering& low, TensorId id) {
    const auto found = low.at.views.find(id);
    return found == low.at.views.end() ? nullptr : &found->second;
}

View arranged(Lowering& low, ArrangeOp op, const std::vector<View>& inputs, const Layout& layout) {
    View out = fresh(low, layout, low.value(inputs[0]).dtype);
    low.add_layer(*low.node, std::string(graph::op_name(low.node->op)), std::move(op), inputs, out);
    return out;
}

/// First slot and number of slots filled by indices [first, first + count) of an axis on partitions, if they fill
/// slots.
std::optional<std::pair<int, int>> slots_of(const Lowering& low, const View& view, std::size_t axis, std::int64_t first,
                                            std::int64_t count) {
    const auto& factors = view.axes[axis];
    if (factors.size() != 1) return std::nullopt;
    const Factor& f = factors[0];
    if (f.dim == Dim::slot && f.extent * f.step == view.slots)
        return std::make_pair(static_cast<int>(first * f.step), static_cast<int>(count * f.step));
    const bool heads = heads_in_slots(view.axes) > 1;
    if (f.dim != Dim::channel || heads) return std::nullopt;
    const std::vector<int> lanes = low.phys_of(view).lanes;
    std::optional<int> begin, end;
    std::int64_t channel = 0;
    for (int s = 0; s <= static_cast<int>(lanes.size()); ++s) {
        if (channel == first) begin = s;
        if (channel == first + count) end = s;
        if (s < static_cast<int>(lanes.size())) channel += lanes[static_cast<std::size_t>(s)];
    }
    if (!begin || !end) return std::nullopt;
    return std::make_pair(*begin, *end - *begin);
}

/// The part of the view whose slots hold the indices of `list`, which lie on partitions.
std::optional<View> part_of_slots(const Lowering& low, const View& view, std::size_t axis,
                                  const std::vector<std::int64_t>& list) {
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i] != list[0] + static_cast<std::int64_t>(i)) return std::nullopt;
    const auto count = static_cast<std::int64_t>(list.size());
    const auto slots = slots_of(low, view, axis, list[0], count);
    if (!slots || list[0] < 0) return std::nullopt;
    View part = view;
    part.first_slot += slots->first;
    part.slots = slots->second;
    part.axes[axis][0].extent = count;
    part.axes = without_units(std::move(part.axes));
    return part;
}

/// How to select from a tensor on chip: a part of its slots, then copies (none if the part is all that is needed).
struct Selection {
    View part;
    std::vector<Piece> pieces;
    Layout layout;
    bool moves = false;
};

std::optional<Selection> plan_selection(const Lowering& low, TensorId id, const IndexLists& lists, bool fills) {
    const View* view = on_chip(low, id);
    if (view == nullptr || !low.options.moves_on_chip) return std::nullopt;
    Selection s{*view, {}, {}, fills};
    Shape to = shape_of(*view);
    std::vector<AxisSource> sources(lists.size());
    for (std::size_t a = 0; a < lists.size(); ++a) {
        if (is_all(lists[a], to[a])) continue;
        if (!lies_in_plane(view->axes[a])) {
            const auto part = part_of_slots(low, s.part, a, lists[a]);
            if (!part) return std::nullopt;
            s.part = *part;
        } else {
            sources[a] = {false, false, index_runs(lists[a])};
            s.moves = true;
        }
        to[a] = static_cast<std::int64_t>(lists[a].size());
    }
    // Whoever reads all slots of a group at once expects its first slot where it was.
    const int ways = low.net.slots.ways;
    s.moves = s.moves || s.part.first_slot % ways != view->first_slot % ways;
    if (!s.moves) return s;
    const Layout in = low.layout_of(s.part);
    s.layout = layout_beside(in, to);
    auto pieces = arrange_pieces(in, s.layout, sources, kMostCopies);
    if (!pieces || (pieces->empty() && !fills) || !is_addressable(s.layout)) return std::nullopt;
    s.pieces = std::move(*pieces);
    return s;
}

}  // namespace

std::optional<View> selected_on_chip(Lowering& low, TensorId id, const IndexLists& lists, std::optional<float> fill) {
    auto s = plan_selection(low, id, lists, fill.has_value());
    if (!s) return std::nullopt;
    return s->moves ? arranged(low, {std::move(s->pieces), fill}, {s->part}, s->layout) : s->part;
}

bool select_on_chip(Lowering& low, TensorId in, TensorId out, const IndexLists& lists, std::optional<float> fill) {
    const auto view = selected_on_chip(low, in, lists, fill);
    if (view) bind_reshaped(low, out, *view);
    return view.has_value();
}

namespace {

/// The resampling of one axis.
struct Resampling {
    std::vector<Piece> pieces;
    Layout layout;
};

/// The first tap writes every output, the others add to it.
std::optional<Resampling> plan_resampling(const Layout& in, const Shape& to, const Resampled& axis) {
    Resampling r{{}, layout_beside(in, to)};
    for (std::size_t tap = 0; tap < axis.picks.size(); ++tap)
        for (const WeightedRuns& group : weighted_runs(axis.picks[tap], axis.weights[tap])) {
            if (tap > 0 && group.weight == 0) continue;
            std::vector<AxisSource> sources(to.size());
            sources[axis.axis] = {false, false, group.runs};
            const auto pieces = arrange_pieces(in, r.layout, sources, kMostCopies);
            if (!pieces || r.pieces.size() + pieces->size() > kMostCopies) return std::nullopt;
            for (Piece piece : *pieces) {
                piece.weight = group.weight;
                piece.add = tap > 0;
                r.pieces.push_back(std::move(piece));
            }
        }
    if (!is_addressable(r.layout)) return std::nullopt;
    return r;
}

}  // namespace

bool resample_on_chip(Lowering& low, TensorId in, TensorId out, const std::vector<Resampled>& axes) {
    const View* view = on_chip(low, in);
    if (view == nullptr || !low.options.moves_on_chip || low.source.chip_dtype(in) != low.source.dtype) return false;
    std::vector<Resampling> plans;
    Shape to = shape_of(*view);
    for (const Resampled& axis : axes) {
        to[axis.axis] = static_cast<std::int64_t>(axis.picks.at(0).size());
        auto plan = plan_resampling(plans.empty() ? low.layout_of(*view) : plans.back().layout, to, axis);
        if (!plan) return false;
        plans.push_back(std::move(*plan));
    }
    View now = *view;
    for (Resampling& plan : plans) now = arranged(low, {std::move(plan.pieces), std::nullopt}, {now}, plan.layout);
    bind_reshaped(low, out, now);
    return true;
}

std::optional<View> broadcast_on_chip(Lowering& low, TensorId id, const Shape& shape, const Layout& layout) {
    const View* view = on_chip(low, id);
    if (view == nullptr || !low.options.moves_on_chip) return std::nullopt;
    Layout in = low.layout_of(*view);
    in.axes.insert(in.axes.begin(), shape.size() - in.axes.size(), {});
    std::vector<AxisSource> sources(shape.size());
    View leading = *view;
    leading.axes = in.axes;
    const Shape from = shape_of(leading);
    for (std::size_t a = 0; a < shape.size(); ++a) sources[a].repeats = from[a] != shape[a];
    auto pieces = arrange_pieces(in, layout, sources, kMostCopies);
    if (!pieces || !is_addressable(layout)) return std::nullopt;
    return arranged(low, {std::move(*pieces), std::nullopt}, {*view}, layout);
}

namespace {

/// The input that determines the layout of a concatenation: on chip, and preferably not a graph input.
const View* leader_of(const Lowering& low, const Node& node, std::size_t axis) {
    const View* best = nullptr;
    for (const TensorId id : node.inputs) {
        const View* view = on_chip(low, id);
        if (view == nullptr || !lies_in_plane(view->axes[axis])) continue;
        if (best == nullptr || low.value(*best).input != graph::kNoTensor) best = view;
    }
    return best;
}

/// Where one input of a concatenation is, or how it is fetched.
struct Addend {
    TensorId id = graph::kNoTensor;
    Layout in;
    std::vector<Piece> pieces;
};

}  // namespace

bool concatenate_on_chip(Lowering& low, const Node& node, std::size_t axis) {
    const View* leader = low.options.moves_on_chip ? leader_of(low, node, axis) : nullptr;
    if (leader == nullptr) return false;
    const Shape& to = low.source.shape(node.outputs[0]);
    const Layout like = low.layout_of(*leader), out = layout_beside(like, to);
    if (!is_addressable(out)) return false;
    std::vector<Addend> addends;
    std::int64_t at = 0;
    for (const TensorId id : node.inputs) {
        const Shape& shape = low.source.shape(id);
        if (graph::element_count(shape) == 0) continue;
        const View* view = on_chip(low, id);
        if (low.source.chip_dtype(id) != low.value(*leader).dtype) return false;
        Addend a{id, view != nullptr ? low.layout_of(*view) : layout_beside(like, shape), {}};
        std::vector<AxisSource> sources(to.size());
        sources[axis] = {false, false, {{at, 0, shape[axis], 1, 1, 1}}};
        auto pieces = arrange_pieces(a.in, out, sources, kMostCopies);
        if (!pieces || !is_addressable(a.in)) return false;
        a.pieces = std::move(*pieces);
        addends.push_back(std::move(a));
        at += shape[axis];
    }
    ArrangeOp op;
    std::vector<View> inputs;
    for (Addend& a : addends) {
        for (Piece& piece : a.pieces) {
            piece.input = static_cast<int>(inputs.size());
            op.pieces.push_back(std::move(piece));
        }
        const View* view = on_chip(low, a.id);
        inputs.push_back(view != nullptr ? *view
                                         : fetched(low, strided_of(low, a.id), a.in, low.source.chip_dtype(a.id)));
    }
    low.at.views[node.outputs[0]] = arranged(low, std::move(op), inputs, out);
    return true;
}

}  // namespace infsim::compiler
