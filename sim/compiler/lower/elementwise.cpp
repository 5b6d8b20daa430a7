// Lowering of pools, normalisations, elementwise operators and of what only changes the shape.
#include <algorithm>
#include <numeric>

#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Op;
using graph::TensorId;
using program::AluOp;

void Lowering::lower_pool(const Node& node) {
    const View in = view_of(node.inputs[0]);
    if (!is_image(in) || shape(node.inputs[0]).size() != 4)
        throw NotSupported{"pooling over other than two spatial axes of one image"};
    const Physical& from = value(in).phys;
    PoolOp op;
    op.average = node.op == Op::average_pool || node.op == Op::global_average_pool;
    if (node.op == Op::global_average_pool || node.op == Op::global_max_pool) {
        op.kernel_rows = from.rows;
        op.kernel_cols = from.cols;
    } else {
        const auto& kernel = graph::attribute_ints(node, "kernel_shape");
        const auto& strides = graph::attribute_ints(node, "strides");
        const auto& pads = graph::attribute_ints(node, "pads");
        op.kernel_rows = static_cast<int>(kernel[0]);
        op.kernel_cols = static_cast<int>(kernel[1]);
        op.stride_rows = static_cast<int>(strides[0]);
        op.stride_cols = static_cast<int>(strides[1]);
        op.pad_top = static_cast<int>(pads[0]);
        op.pad_left = static_cast<int>(pads[1]);
        op.pad_bottom = static_cast<int>(pads[2]);
        op.pad_right = static_cast<int>(pads[3]);
        if (graph::has_attribute(node, "dilations")) {
            op.dilation_rows = static_cast<int>(graph::attribute_ints(node, "dilations")[0]);
            op.dilation_cols = static_cast<int>(graph::attribute_ints(node, "dilations")[1]);
        }
        if (op.average) op.count_include_pad = graph::attribute_int(node, "count_include_pad") != 0;
    }
    const auto& shape = graph_.tensor(node.outputs[0]).shape;
    Physical phys = phys_of(in);
    phys.rows = static_cast<int>(shape[2]);
    phys.cols = static_cast<int>(shape[3]);
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys, chip_dtype(node.outputs[0])),
                           {{}, in.axes[1], {{Dim::row, shape[2]}}, {{Dim::col, shape[3]}}});
    views_[node.outputs[0]] = out;
    add_layer(node, op.average ? "avgpool" : "maxpool", op, {in}, out);
}

void Lowering::lower_softmax(const Node& node) {
    View in = view_of(node.inputs[0]);
    const std::size_t rank = in.axes.size();
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), rank);
    const auto& factors = in.axes[axis];
    std::int64_t heads = 1;
    for (std::size_t i = 0; i < rank; ++i)
        for (const Factor& f : in.axes[i])
            if (f.dim == Dim::slot) heads *= f.extent;
    if (factors.size() == 1 && (factors[0].dim == Dim::channel || factors[0].dim == Dim::lane))
        in = transposed_lanes(node, in, static_cast<int>(heads));
    if (value(in).phys.rows != 1 || in.axes[axis].empty() || !is_whole(in, axis, Dim::col, value(in).phys))
        throw NotSupported{"a softmax over an axis that is neither the columns nor the partitions of its input"};
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), dtype_), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, "softmax", SoftmaxOp{node.op == Op::log_softmax}, {in}, out);
}

void Lowering::lower_layer_norm(const Node& node) {
    const View in = tokens_of(node, node.inputs[0]);
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), in.axes.size());
    if (axis + 1 != in.axes.size() || !is_tokens(in) || in.axes.back().empty() || value(in).phys.rows != 1 ||
        !is_constant(node.inputs[1]) || shape(node.inputs[1]) != graph::Shape{shape(node.inputs[0]).back()})
        throw NotSupported{"a layer normalisation over other than the last axis, on partitions"};
    LayerNormOp op;
    op.gamma = node.inputs[1];
    if (node.inputs.size() > 2) op.beta = node.inputs[2];
    if (op.beta != graph::kNoTensor && (!is_constant(op.beta) || shape(op.beta) != shape(op.gamma)))
        throw NotSupported{"a shift of another shape"};
    op.epsilon = static_cast<float>(graph::attribute_float(node, "epsilon"));
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), dtype_), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, "layernorm", op, {in}, out);
}

void Lowering::lower_lrn(const Node& node) {
    const View in = view_of(node.inputs[0]);
    if (!is_image(in) || in.axes.size() != 4)
        throw NotSupported{"a local response normalisation whose channels are not on partitions"};
    LrnOp op;
    op.size = static_cast<int>(graph::attribute_int(node, "size"));
    op.alpha = static_cast<float>(graph::attribute_float(node, "alpha"));
    op.beta = static_cast<float>(graph::attribute_float(node, "beta"));
    op.bias = static_cast<float>(graph::attribute_float(node, "bias"));
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), dtype_), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, "lrn", op, {in}, out);
}

void Lowering::lower_gather(const Node& node) {
    if (!is_constant(node.inputs[0]) || graph::attribute_int(node, "axis") != 0 ||
        graph_.tensor(node.inputs[0]).shape.size() != 2)
        throw NotSupported{"a gather other than of the rows of a constant table"};
    const View index = view_of(node.inputs[1]);
    const auto& table = graph_.tensor(node.inputs[0]).shape;
    if (value(index).dtype != DType::i32 || value(index).phys.plane() != 1)
        throw NotSupported{"an index that is not an integer graph input of rank 2"};
    Physical phys = phys_of(index);
    phys.cols = static_cast<int>(table[1]);
    const std::int64_t tokens = phys.channels();
    const std::vector<std::vector<Factor>> axes = {{}, {{Dim::channel, tokens}}, {{Dim::col, table[1]}}};
    // Tokens stay on partitions: whoever wants hidden there turns them, after what is added up row by row.
    const View rows = whole(new_value(graph_.tensor(node.outputs[0]).name, phys, dtype_), axes);
    add_layer(node, "gather", GatherOp{node.inputs[0], table[0], table[1]}, {index}, rows);
    views_[node.outputs[0]] = rows;
}

void Lowering::lower_unary(const Node& node, UnaryOp op) {
    const View in = view_of(node.inputs[0]);
    const View out =
        whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), chip_dtype(node.outputs[0])), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, std::string(graph::op_name(node.op)), op, {in}, out);
}

void Lowering::lower_clip(const Node& node) {
    const View in = view_of(node.inputs[0]);
    ScalarOp op;
    op.first = {AluOp::max, static_cast<float>(graph::attribute_float(node, "min")), graph::kNoTensor};
    op.second = {AluOp::min, static_cast<float>(graph::attribute_float(node, "max")), graph::kNoTensor};
    const View out =
        whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), chip_dtype(node.outputs[0])), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, "clip", op, {in}, out);
}

void Lowering::lower_scalar_constant(const Node& node, AluOp op, bool constant_first) {
    const TensorId constant = node.inputs[constant_first ? 0 : 1];
    const View in = view_of(node.inputs[constant_first ? 1 : 0]);
    if (constant_first && op == AluOp::subtract) op = AluOp::reverse_subtract;
    if (constant_first && op == AluOp::divide) op = AluOp::reverse_divide;
    if (constant_first && op == AluOp::power) op = AluOp::reverse_power;
    if (shape(node.outputs[0]) != shape_of(in)) throw NotSupported{"an operand that broadcasts"};
    ScalarOp scalar;
    scalar.first.op = op;
    if (const auto number = scalar_constant(constant)) {
        if (!constant_first && fold_into_product(node, op, node.inputs[0], *number)) return;
        if (constant_first && op == AluOp::multiply && fold_into_product(node, op, node.inputs[1], *number)) return;
        scalar.first.immediate = static_cast<float>(*number);
    } else {
        const auto& shape = graph_.tensor(constant).shape;
        const auto full = shape_of(in);
        std::size_t channel_axis = full.size();
        for (std::size_t i = 0; i < full.size(); ++i)
            if (in.axes[i].size() == 1 && in.axes[i][0].dim == Dim::channel) channel_axis = i;
        const std::size_t lead = full.size() - std::min(full.size(), shape.size());
        const bool per_channel = channel_axis < full.size() && channel_axis >= lead && shape.size() <= full.size() &&
                                 graph::element_count(shape) == full[channel_axis] &&
                                 shape[channel_axis - lead] == full[channel_axis];
        if (!per_channel) throw NotSupported{"a constant operand that is neither a scalar nor one value per channel"};
        scalar.first.per_channel = constant;
    }
    const View out =
        whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(in), chip_dtype(node.outputs[0])), in.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, std::string(graph::op_name(node.op)), scalar, {in}, out);
}

void Lowering::lower_binary(const Node& node, AluOp op) {
    if (is_constant(node.inputs[0]) || is_constant(node.inputs[1]))
        return lower_scalar_constant(node, op, is_constant(node.inputs[0]));
    if (shape(node.inputs[0]) != shape(node.inputs[1]) && lower_spread(node, op)) return;
    const View a = view_of(node.inputs[0]);
    const View b = view_of(node.inputs[1]);
    if (!(phys_of(a) == phys_of(b)) || a.axes != b.axes)
        throw NotSupported{"an elementwise operator on operands of different shape or layout"};
    const View out =
        whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(a), chip_dtype(node.outputs[0])), a.axes);
    views_[node.outputs[0]] = out;
    add_layer(node, std::string(graph::op_name(node.op)), BinaryOp{op, false}, {a, b}, out);
}

Layer* Lowering::sole_product(TensorId id, const View& view) {
    if (consumers_[static_cast<std::size_t>(id)].size() != 1 || view.slots != value(view).phys.slots() ||
        std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end())
        return nullptr;
    for (LayerId l = net_.layers.next_id().next(-1); l.exists(); l = l.next(-1)) {
        Layer& layer = net_.layers[l];
        for (const Part& in : layer.inputs)
            if (in.value == view.value) return nullptr;  // stored on the way
        if (layer.output.value == view.value) return std::holds_alternative<HeadMatmulOp>(layer.op) ? &layer : nullptr;
    }
    return nullptr;
}

/// A factor of a product of activations goes into the evacuation of its sums.
bool Lowering::fold_into_product(const Node& node, AluOp op, TensorId id, double number) {
    if ((op != AluOp::multiply && op != AluOp::divide) || shape(id) != shape(node.outputs[0])) return false;
    const View view = view_of(id);
    Layer* product = sole_product(id, view);
    if (product == nullptr) return false;
    auto& matmul = std::get<HeadMatmulOp>(product->op);
    if (matmul.added) return false;
    matmul.scale = static_cast<float>(op == AluOp::multiply ? matmul.scale * number : matmul.scale / number);
    views_[node.outputs[0]] = view;
    return true;
}

std::optional<View> Lowering::spread_beside(const Node& node, TensorId id, const View& like) {
    const Physical full = value(like).phys;  // a copy: values are added below
    const auto& extents = shape(id);
    if (extents.empty() || like.axes.empty() || full.rows != 1 || full.cols != extents.back() || full.cols == 1 ||
        like.first_slot != 0 || !is_whole(like, like.axes.size() - 1, Dim::col, full) ||
        graph::element_count(extents) != extents.back())
        return std::nullopt;
    const int lanes = *std::max_element(full.lanes.begin(), full.lanes.end()), slots = std::min(2, full.slots());
    if (const auto found = spreads_.find({id, slots, lanes}); found != spreads_.end()) return found->second;
    View row = view_of(id);
    const Physical lies = phys_of(row);
    if (row.slots != value(row).phys.slots()) return std::nullopt;
    if (lies.rows == 1 && lies.cols == 1 && lies.channels() == full.cols) row = transposed_lanes(node, row, 1);
    else if (lies.rows != 1 || lies.channels() != 1 || lies.cols != full.cols) return std::nullopt;
    const Physical phys{std::vector<int>(static_cast<std::size_t>(slots), lanes), 1, full.cols};
    const View out = whole(new_value(graph_.tensor(id).name + "/spread", phys, value(row).dtype), {});
    add_layer(node, "spread", SpreadOp{}, {row}, out);
    return spreads_[{id, slots, lanes}] = out;
}

/// A row over the columns (a mask of attention scores) beside a tensor: repeated on all partitions once, whoever adds
/// it. Behind a product of activations it is added while the sums leave PSUM.
bool Lowering::lower_spread(const Node& node, AluOp op) {
    const bool row_first = shape(node.inputs[1]) == shape(node.outputs[0]);
    const TensorId full = node.inputs[row_first ? 1 : 0], row = node.inputs[row_first ? 0 : 1];
    const bool commutes = op == AluOp::add || op == AluOp::multiply || op == AluOp::max || op == AluOp::min;
    if (shape(full) != shape(node.outputs[0]) || (row_first && !commutes) || chip_dtype(row) != dtype_ ||
        chip_dtype(full) != dtype_)
        return false;
    const View a = view_of(full);
    const auto b = spread_beside(node, row, a);
    if (!b) return false;
    Layer* product = op == AluOp::add ? sole_product(full, a) : nullptr;
    if (product != nullptr && !std::get<HeadMatmulOp>(product->op).added) {
        std::get<HeadMatmulOp>(product->op).added = part_of(*b);
        product->inputs.push_back(part_of(*b));
        const auto at = net_.layers.begin() + (product - &net_.layers.front());
        std::rotate(at, at + 1, net_.layers.end());  // behind what spreads the row
        views_[node.outputs[0]] = a;
        return true;
    }
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys_of(a), dtype_), a.axes);
    views_[node.outputs[0]] = out;
    BinaryOp binary{op, false};
    binary.spread = true;
    add_layer(node, std::string(graph::op_name(node.op)), binary, {a, *b}, out);
    return true;
}

void Lowering::lower_concat(const Node& node) {
    const std::size_t rank = graph_.tensor(node.outputs[0]).shape.size();
    const std::size_t axis = axis_index(graph::attribute_int(node, "axis"), rank);
    Physical phys;
    std::vector<View> parts;
    for (TensorId id : node.inputs) {
        parts.push_back(view_of(id));
        const Physical part = phys_of(parts.back());
        if (!axis_is(parts.back(), axis, Dim::channel) || (!is_image(parts.back()) && !is_tokens(parts.back())))
            throw NotSupported{"a concatenation along an axis that is not on partitions"};
        if (!phys.lanes.empty() && (part.rows != phys.rows || part.cols != phys.cols))
            throw NotSupported{"a concatenation of differently laid out tensors"};
        phys.rows = part.rows;
        phys.cols = part.cols;
        phys.lanes.insert(phys.lanes.end(), part.lanes.begin(), part.lanes.end());
    }
    std::vector<std::vector<Factor>> axes = parts[0].axes;
    axes[axis] = {{Dim::channel, graph_.tensor(node.outputs[0]).shape[axis]}};
    const View out = whole(new_value(graph_.tensor(node.outputs[0]).name, phys, dtype_), axes);
    views_[node.outputs[0]] = out;
    // A part that only this concatenation reads is written in its place by its producer; any other is copied.
    int slot = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const View& part = parts[i];
        Part target{out.value, slot, part.slots};
        slot += part.slots;
        const bool sole =
            consumers_[static_cast<std::size_t>(node.inputs[i])].size() == 1 && value(part).input == graph::kNoTensor &&
            std::find(graph_.outputs.begin(), graph_.outputs.end(), node.inputs[i]) == graph_.outputs.end() &&
            part.slots == value(part).phys.slots() &&
            std::count_if(views_.begin(), views_.end(), [&](const auto& v) { return v.second.value == part.value; }) ==
                1;
        bool redirected = false;
        if (sole)
            for (Layer& layer : net_.layers)
                if (layer.output.value == part.value && layer.output.slots == part.slots) {
                    layer.output = target;
                    redirected = true;
                }
        if (!redirected) {
            Layer copy;
            copy.name = node.name + "/" + std::to_string(i);
            copy.kind = "copy";
            copy.op = CopyOp{};
            copy.inputs = {part_of(part)};
            copy.output = target;
            net_.layers.push_back(copy);
        }
    }
}

}  // namespace infsim::compiler
