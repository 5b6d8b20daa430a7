#include "compiler/lower/lower.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;
using program::AluOp;

std::size_t axis_index(std::int64_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

// --- helpers ----------------------------------------------------------------------------------------

View Lowering::view_of(TensorId id) {
    const auto found = views_.find(id);
    if (found != views_.end()) return found->second;
    const Strided from = strided_of(id);
    return views_[id] = fetched(from, default_layout(shape(id), columns_), dtype_of(from));
}

Physical Lowering::phys_of(const View& view) const {
    Physical phys = value(view).phys;
    phys.lanes.assign(phys.lanes.begin() + view.first_slot, phys.lanes.begin() + view.first_slot + view.slots);
    return phys;
}

ValueId Lowering::new_value(const std::string& name, Physical phys, DType dtype) {
    net_.values.push_back({name, std::move(phys), dtype, graph::kNoTensor});
    return static_cast<ValueId>(net_.values.size()) - 1;
}

View Lowering::whole(ValueId value, std::vector<std::vector<Factor>> axes) const {
    const int slots = net_.values.at(static_cast<std::size_t>(value)).phys.slots();
    for (auto& axis : axes)
        axis.erase(std::remove_if(axis.begin(), axis.end(), [](const Factor& f) { return f.extent == 1; }), axis.end());
    return {value, 0, slots, std::move(axes)};
}

Layer& Lowering::add_layer(const Node& node, std::string kind, LayerOp op, const std::vector<View>& inputs,
                           const View& output) {
    Layer layer;
    layer.name = node.name;
    layer.kind = std::move(kind);
    layer.op = std::move(op);
    for (const View& in : inputs) layer.inputs.push_back(part_of(in));
    layer.output = part_of(output);
    net_.layers.push_back(std::move(layer));
    return net_.layers.back();
}

std::optional<double> Lowering::scalar_constant(TensorId id) const {
    if (!is_constant(id)) return std::nullopt;
    const auto& t = graph_.tensor(id);
    if (graph::element_count(t.shape) != 1 || !t.constant) return std::nullopt;
    if (const auto* splat = std::get_if<graph::Splat>(&*t.constant)) return splat->value;
    if (const auto* list = std::get_if<graph::Inline>(&*t.constant)) return list->values.at(0);
    return std::nullopt;
}

int Lowering::preferred_width(TensorId id, std::int64_t channels) const {
    for (int n : consumers_[static_cast<std::size_t>(id)]) {
        const Node& node = graph_.nodes[static_cast<std::size_t>(n)];
        if (node.op != Op::reshape) continue;
        const auto& shape = graph_.tensor(node.outputs[0]).shape;
        if (shape.size() <= graph_.tensor(id).shape.size() || shape.empty()) continue;
        const std::int64_t inner = shape.back();
        if (inner > 1 && inner < columns_ && channels % inner == 0) return static_cast<int>(inner);
    }
    return columns_;
}

bool Lowering::consumed_along_columns(TensorId id) const {
    for (int n : consumers_[static_cast<std::size_t>(id)]) {
        const Node& node = graph_.nodes[static_cast<std::size_t>(n)];
        const std::size_t rank = graph_.tensor(id).shape.size();
        if ((node.op == Op::softmax || node.op == Op::log_softmax) &&
            axis_index(graph::attribute_int(node, "axis"), rank) + 1 == rank)
            return true;
        const bool passes_on = node.op == Op::add || node.op == Op::mul || node.op == Op::div || node.op == Op::sub;
        if (passes_on && graph_.tensor(node.outputs[0]).shape == graph_.tensor(id).shape &&
            consumed_along_columns(node.outputs[0]))
            return true;
    }
    return false;
}

// --- driver -----------------------------------------------------------------------------------------

namespace {

/// Stands for a node where the compiler adds a layer of its own.
Node named(const std::string& name) {
    Node node;
    node.name = name;
    return node;
}

}  // namespace

/// Rows of a token tensor lie in DRAM one after the other: they arrive with tokens on partitions, in whole rows, and
/// the PE array turns them. Element by element into hidden on partitions would take a DMA run for each.
bool Lowering::arrives_as_tokens(TensorId id) const {
    const auto& t = graph_.tensor(id);
    if (t.shape.size() != 3 || t.shape[1] < 2 || t.shape[2] < 2 || chip_dtype(id) != dtype_) return false;
    const auto& readers = consumers_[static_cast<std::size_t>(id)];
    return std::any_of(readers.begin(), readers.end(), [&](int n) {
        const Node& node = graph_.nodes[static_cast<std::size_t>(n)];
        return is_weighted(graph_, node) || node.op == Op::layer_norm;
    });
}

bool Lowering::leaves_as_tokens(const View& view) const {
    const Physical& phys = value(view).phys;
    return view.axes.size() == 3 && phys.rows == 1 && view.slots == phys.slots() && is_tokens(view) &&
           is_whole(view, 1, Dim::col, phys) && !view.axes[1].empty() && !view.axes[2].empty();
}

void Lowering::lower_inputs() {
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
        const TensorId id = graph_.inputs[i];
        const auto& t = graph_.tensor(id);
        const std::size_t rank = t.shape.size();
        if (graph_.batchable && t.batched && (rank == 0 || t.shape[0] != 1))
            throw InputError(graph_.name, "input " + t.name, "the leading axis is not the batch");
        if (graph::element_count(t.shape) == 0) throw InputError(graph_.name, "input " + t.name, "has no elements");
        strided_[id] = {Strided::Source::input, static_cast<int>(i), 0, row_major_axes(t.shape)};
        if (rank < 2 || rank > 4 || t.shape[0] != 1) {  // fetched as each reader wants it
            net_.inputs.push_back(View{});
            continue;
        }
        const bool tokens = arrives_as_tokens(id);
        Layout layout = default_layout(t.shape, columns_);
        if (tokens) {
            layout.phys.lanes = split_channels(static_cast<int>(t.shape[1]), columns_);
            layout.phys.rows = 1;
            layout.phys.cols = static_cast<int>(t.shape[2]);
            layout.axes = {{}, {{Dim::channel, t.shape[1]}}, {{Dim::col, t.shape[2]}}};
        }
        const ValueId v = new_value(t.name, layout.phys, chip_dtype(id));
        net_.values.back().input = id;
        views_[id] = whole(v, layout.axes);
        net_.inputs.push_back(views_[id]);
        if (tokens) views_[id] = transposed_lanes(named(t.name), views_[id], 1);
    }
}

bool Lowering::try_fast(int index) {
    const std::size_t layers = net_.layers.size(), values = net_.values.size();
    try {
        if (const auto fused = plan_.by_last.find(index); fused != plan_.by_last.end()) lower_weighted(fused->second);
        else lower_fast(graph_.nodes[static_cast<std::size_t>(index)]);
        return true;
    } catch (const NotSupported&) {
        net_.layers.resize(layers);
        net_.values.resize(values);
        const auto gone = [&](int value) { return value >= static_cast<int>(values); };
        const auto forget = [&](auto& views) {
            for (auto it = views.begin(); it != views.end();)
                it = gone(it->second.value) ? views.erase(it) : std::next(it);
        };
        forget(views_);
        forget(token_views_);
        forget(spreads_);
        for (auto it = strided_.begin(); it != strided_.end();)
            it = it->second.source == Strided::Source::scratch && gone(it->second.index) ? strided_.erase(it)
                                                                                         : std::next(it);
        return false;
    }
}

void Lowering::lower_unfused(const Fusion& fusion) {
    for (int n = fusion.head; n <= fusion.last; ++n) {
        const Node& node = graph_.nodes[static_cast<std::size_t>(n)];
        const bool chained = n == fusion.head || n == fusion.last ||
                             (plan_.covered[static_cast<std::size_t>(n)] &&
                              views_.count(node.outputs[0]) + strided_.count(node.outputs[0]) == 0);
        const bool ready = std::all_of(node.inputs.begin(), node.inputs.end(), [&](TensorId id) {
            return id == graph::kNoTensor || is_constant(id) || views_.count(id) + strided_.count(id) > 0;
        });
        if (!chained || !ready) continue;
        node_ = &node;
        lower_general(node);
    }
}

void Lowering::lower_node(int index) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(index)];
    node_ = &node;
    if (plan_.covered[static_cast<std::size_t>(index)]) return;
    for (TensorId out : node.outputs)
        if (out != graph::kNoTensor && graph::element_count(shape(out)) == 0)
            throw NotSupported{"a tensor without elements"};
    if (try_fast(index)) return;
    const auto fused = plan_.by_last.find(index);
    if (fused != plan_.by_last.end() && fused->second.head != fused->second.last) return lower_unfused(fused->second);
    lower_general(node);
}

void Lowering::lower_fast(const Node& node) {
    if (const auto function = act_function(node)) return lower_unary(node, {*function, 1.0F, 0.0F});
    switch (node.op) {
        case Op::max_pool:
        case Op::average_pool:
        case Op::global_average_pool:
        case Op::global_max_pool: return lower_pool(node);
        case Op::matmul: return lower_head_matmul(node);
        case Op::softmax:
        case Op::log_softmax: return lower_softmax(node);
        case Op::layer_norm: return lower_layer_norm(node);
        case Op::lrn: return lower_lrn(node);
        case Op::gather: return lower_gather(node);
        case Op::add: return lower_binary(node, AluOp::add);
        case Op::sub: return lower_binary(node, AluOp::subtract);
        case Op::mul: return lower_binary(node, AluOp::multiply);
        case Op::div: return lower_binary(node, AluOp::divide);
        case Op::pow: return lower_binary(node, AluOp::power);
        case Op::maximum: return lower_binary(node, AluOp::max);
        case Op::minimum: return lower_binary(node, AluOp::min);
        case Op::neg: return lower_unary(node, {program::ActFunction::identity, -1.0F, 0.0F});
        case Op::clip: return lower_clip(node);
        case Op::concat: return lower_concat(node);
        default: throw NotSupported{"no layout on chip serves it directly"};
    }
}

Network Lowering::run() {
    consumers_.resize(graph_.tensors.size());
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
        for (TensorId in : graph_.nodes[n].inputs)
            if (in != graph::kNoTensor) consumers_[static_cast<std::size_t>(in)].push_back(static_cast<int>(n));
    lower_inputs();
    Problems problems;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
        try {
            lower_node(static_cast<int>(n));
        } catch (const NotSupported& e) {
            problems.add(graph_.name,
                         "node " + graph_.nodes[n].name + " (" + std::string(graph::op_name(graph_.nodes[n].op)) + ")",
                         e.what);
            problems.throw_if_any();  // later nodes would only complain about its missing output
        }
    }
    for (TensorId id : graph_.outputs) {
        if (is_constant(id))
            throw InputError(graph_.name, "output " + graph_.tensor(id).name,
                             "is a constant; nothing would run on the chip");
        View out = view_of(id);
        if (value(out).input != graph::kNoTensor ||
            value(out).scratch_elements > 0)  // stored by the layer that writes it
            out = fetched(strided_of(id), default_layout(shape(id), columns_), chip_dtype(id));
        else if (leaves_as_tokens(out))
            out = transposed_lanes(named(graph_.tensor(id).name), out, 1);  // whole rows leave, as they arrived
        net_.outputs.push_back(out);
    }
    return std::move(net_);
}

Network lower(const graph::Graph& graph, DType dtype, int pe_columns, const CompileOptions& options) {
    return Lowering(graph, dtype, pe_columns, options).run();
}

}  // namespace infsim::compiler
