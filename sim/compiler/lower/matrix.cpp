// Lowering of convolutions, dense layers and products of two activations.
#include <algorithm>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;

void Lowering::lower_weighted(const Fusion& fusion) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(fusion.head)];
    const Node& last = graph_.nodes[static_cast<std::size_t>(fusion.last)];
    if (node.op == Op::conv) lower_conv(node, fusion, last);
    else lower_dense(node, fusion, last);
}

void Lowering::lower_conv(const Node& node, const Fusion& fusion, const Node& last) {
    const View in = image_of(node.inputs[0]);
    graph::Shape w = shape(node.inputs[1]), out_shape = shape(node.outputs[0]);
    graph::Shape strides = graph::attribute_ints(node, "strides"), dilations = graph::attribute_ints(node, "dilations");
    graph::Shape pads = graph::attribute_ints(node, "pads");
    const bool one_axis = w.size() == 3;
    if (one_axis) {  // an image of one row
        w.insert(w.end() - 1, 1);
        out_shape.insert(out_shape.end() - 1, 1);
        strides.insert(strides.begin(), 1);
        dilations.insert(dilations.begin(), 1);
        pads = {0, pads[0], 0, pads[1]};
    }
    if (!is_constant(node.inputs[1]) ||
        (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor && !is_constant(node.inputs[2])))
        throw NotSupported{"a convolution whose weights are not constant"};
    ConvOp op;
    op.weight = {node.inputs[1], w[1] * w[2] * w[3], w[2] * w[3], w[3], 1};
    if (node.inputs.size() > 2) op.bias = node.inputs[2];
    op.kernel_rows = static_cast<int>(w[2]);
    op.kernel_cols = static_cast<int>(w[3]);
    op.stride_rows = static_cast<int>(strides[0]);
    op.stride_cols = static_cast<int>(strides[1]);
    op.dilation_rows = static_cast<int>(dilations[0]);
    op.dilation_cols = static_cast<int>(dilations[1]);
    op.pad_top = static_cast<int>(pads[0]);
    op.pad_left = static_cast<int>(pads[1]);
    op.groups = static_cast<int>(graph::attribute_int(node, "group"));
    Physical phys{split_channels(static_cast<int>(w[0]), columns_), static_cast<int>(out_shape[2]),
                  static_cast<int>(out_shape[3])};
    std::vector<std::vector<Factor>> axes = {
        {}, {{Dim::channel, w[0]}}, {{Dim::row, out_shape[2]}}, {{Dim::col, out_shape[3]}}};
    if (one_axis) axes.erase(axes.begin() + 2);
    finish_weighted(node, fusion, last, op, in, View{-1, 0, phys.slots(), axes}, phys, "conv");
    net_.layers.back().macs = out_shape[2] * out_shape[3] * w[0] * w[1] * w[2] * w[3];
}

void Lowering::lower_dense(const Node& node, const Fusion& fusion, const Node& last) {
    const View in = tokens_of(node, node.inputs[0]);
    const Physical& in_phys = value(in).phys;
    const auto& w = graph_.tensor(node.inputs[1]).shape;
    if (w.size() != 2)
        throw NotSupported{"a constant operand of rank " + std::to_string(w.size()) + "; 2 is supported"};
    const std::int64_t outputs = w[1];
    const auto& out_shape = graph_.tensor(node.outputs[0]).shape;
    ConvOp op;
    op.weight = {node.inputs[1], 1, outputs, 0, 0};
    if (node.inputs.size() > 2) op.bias = node.inputs[2];

    Physical phys{split_channels(static_cast<int>(outputs), preferred_width(last.outputs[0], outputs)), in_phys.rows,
                  in_phys.cols};
    std::vector<std::vector<Factor>> axes(in.axes.begin(), in.axes.end() - 1);
    const auto& contraction = in.axes.back();
    if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoTensor && !is_constant(node.inputs[2]))
        throw NotSupported{"a bias that is not constant"};
    if (contraction.size() > 1) {
        // A flattened image: the dense layer is a convolution whose kernel covers the whole plane.
        const bool chw = contraction.size() <= 3 && contraction[0].dim == Dim::channel &&
                         contraction[1].dim == (contraction.size() == 3 || in_phys.cols == 1 ? Dim::row : Dim::col);
        std::int64_t covered = 1;
        for (const Factor& f : contraction) covered *= f.extent;
        if (!chw || covered != phys_of(in).channels() * in_phys.plane())
            throw NotSupported{"a dense layer over an axis that is not channels, or channels, rows and columns"};
        op.kernel_rows = in_phys.rows;
        op.kernel_cols = in_phys.cols;
        op.weight = {node.inputs[1], 1, outputs * in_phys.plane(), outputs * in_phys.cols, outputs};
        phys.rows = phys.cols = 1;
    } else if (!is_tokens(in)) {
        throw NotSupported{"a dense layer over an axis that is not on partitions"};
    }
    axes.push_back({{Dim::channel, outputs}});
    if (axes.size() != out_shape.size()) throw NotSupported{"a dense layer that changes the rank"};
    finish_weighted(node, fusion, last, op, in, View{-1, 0, phys.slots(), axes}, phys, "dense");
    net_.layers.back().macs = phys.plane() * w[0] * outputs;
}

void Lowering::finish_weighted(const Node& node, const Fusion& fusion, const Node& last, ConvOp op, const View& in,
                               View out, Physical phys, std::string kind) {
    if (fusion.bias != graph::kNoTensor) op.bias = fusion.bias;
    op.function = fusion.function;
    op.relu_after_add = fusion.relu_after_add;
    std::vector<View> inputs = {in};
    if (fusion.residual != graph::kNoTensor) {
        const View residual = view_of(fusion.residual);
        if (!(phys_of(residual) == phys)) throw NotSupported{"a residual add of differently laid out tensors"};
        op.residual = part_of(residual);
        inputs.push_back(residual);
        kind += "+add";
    }
    const View result = whole(new_value(graph_.tensor(last.outputs[0]).name, phys, dtype_), out.axes);
    views_[last.outputs[0]] = result;
    add_layer(node, std::move(kind), op, inputs, result);
}

View Lowering::transposed_lanes(const Node& node, const View& view, int heads) {
    const Physical phys = phys_of(view);
    if (phys.rows != 1) throw NotSupported{"a transpose of partitions and columns of an image with rows"};
    for (std::size_t a = 0; a < view.axes.size(); ++a)
        for (const Factor& f : view.axes[a])
            if (f.dim == Dim::col && !is_whole(view, a, Dim::col, phys))
                throw NotSupported{"a transpose of part of the columns"};
    if (phys.slots() % heads != 0) throw NotSupported{"a transpose of heads that share slots"};
    const int lanes_per_head = phys.channels() / heads;
    Physical out;
    for (int h = 0; h < heads; ++h)
        for (int l : split_channels(phys.cols, columns_)) out.lanes.push_back(l);
    out.cols = lanes_per_head;
    const std::int64_t slots = ceil_div(phys.cols, columns_);
    std::vector<std::vector<Factor>> axes = view.axes;
    for (auto& axis : axes)
        for (auto& f : axis) {
            if (f.dim == Dim::slot) f.step = slots;
            else if (f.dim == Dim::col)
                f = slots == 1 && heads > 1 ? Factor{Dim::lane, f.extent} : Factor{Dim::channel, f.extent};
            else if (f.dim == Dim::lane || f.dim == Dim::channel) f = Factor{Dim::col, f.extent};
        }
    const View result = whole(new_value(value(view).name + "^T", out, value(view).dtype), axes);
    add_layer(node, "transpose", TransposeOp{heads}, {view}, result);
    return result;
}

View Lowering::tokens_of(const Node& node, TensorId id) {
    const View view = view_of(id);
    const std::size_t rank = view.axes.size();
    const Physical& phys = value(view).phys;
    const bool rows = rank >= 2 && phys.rows == 1 && view.slots == phys.slots() && !view.axes[rank - 1].empty() &&
                      is_whole(view, rank - 1, Dim::col, phys) && axis_is(view, rank - 2, Dim::channel);
    if (is_tokens(view) || !rows) return view;
    for (std::size_t i = 0; i + 2 < rank; ++i)
        if (!view.axes[i].empty()) return view;
    if (const auto found = token_views_.find(id); found != token_views_.end()) return found->second;
    return token_views_[id] = transposed_lanes(node, view, 1);
}

namespace {

/// Which physical dimension axis `axis` is, ignoring how it is split over slots inside a head.
std::optional<Dim> role(const View& view, std::size_t axis) {
    const auto& factors = view.axes.at(axis);
    if (factors.size() != 1) return std::nullopt;
    return factors[0].dim == Dim::lane ? Dim::channel : factors[0].dim;
}

}  // namespace

void Lowering::lower_head_matmul(const Node& node) {
    View a = view_of(node.inputs[0]);
    View b = view_of(node.inputs[1]);
    const auto& as = graph_.tensor(node.inputs[0]).shape;
    const auto& bs = graph_.tensor(node.inputs[1]).shape;
    const std::size_t rank = as.size();
    if (rank != bs.size() || rank < 3)
        throw NotSupported{"a product of activations of ranks " + std::to_string(rank) + " and " +
                           std::to_string(bs.size())};
    std::int64_t heads = 1;
    for (std::size_t i = 0; i + 2 < rank; ++i) {
        heads *= as[i];
        if (as[i] != bs[i]) throw NotSupported{"a product that broadcasts"};
        for (const View* v : {&a, &b})
            if (as[i] > 1 && !axis_is(*v, i, Dim::slot))
                throw NotSupported{"a product whose leading axes are not slots"};
    }
    if (role(a, rank - 1) != Dim::channel) a = transposed_lanes(node, a, static_cast<int>(heads));
    if (role(b, rank - 2) != Dim::channel) b = transposed_lanes(node, b, static_cast<int>(heads));
    const std::int64_t m = as[rank - 2], k = as[rank - 1], n = bs[rank - 1];
    if (role(a, rank - 1) != Dim::channel || role(b, rank - 2) != Dim::channel || phys_of(a).channels() != heads * k ||
        phys_of(b).channels() != heads * k || value(a).phys.rows != 1 || value(b).phys.rows != 1 ||
        phys_of(a).slots() % heads != 0 || phys_of(a).slots() != phys_of(b).slots() ||
        !is_whole(a, rank - 2, Dim::col, value(a).phys) || !is_whole(b, rank - 1, Dim::col, value(b).phys))
        throw NotSupported{"a product of activations whose contraction is not one axis on partitions"};

    const bool m_on_lanes = consumed_along_columns(node.outputs[0]);
    const std::int64_t lanes = m_on_lanes ? m : n, cols = m_on_lanes ? n : m;
    Physical phys;
    for (std::int64_t h = 0; h < heads; ++h)
        for (int l : split_channels(static_cast<int>(lanes), columns_)) phys.lanes.push_back(l);
    phys.cols = static_cast<int>(cols);
    const std::int64_t slots = ceil_div(lanes, columns_);
    std::vector<std::vector<Factor>> axes(rank);
    for (std::size_t i = 0; i + 2 < rank; ++i)
        if (as[i] > 1) axes[i] = {{Dim::slot, as[i], slots}};
    const Factor lane_factor = slots == 1 && heads > 1 ? Factor{Dim::lane, lanes} : Factor{Dim::channel, lanes};
    axes[rank - 2] = {m_on_lanes ? lane_factor : Factor{Dim::col, cols}};
    axes[rank - 1] = {m_on_lanes ? Factor{Dim::col, cols} : lane_factor};
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys, dtype_), axes);
    views_[node.outputs[0]] = out;
    const std::vector<View> operands = m_on_lanes ? std::vector<View>{a, b} : std::vector<View>{b, a};
    add_layer(node, "matmul", HeadMatmulOp{static_cast<int>(heads), 1.0F}, operands, out).macs = heads * m * k * n;
}

}  // namespace infsim::compiler
