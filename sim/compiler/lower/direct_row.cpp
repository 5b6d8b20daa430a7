#include "compiler/lower/direct_row.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/half.hpp"
#include "base/text.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/direct_elementwise.hpp"
#include "compiler/lower/fold_product.hpp"
#include "compiler/lower/pieces.hpp"
#include "compiler/lower/prospect.hpp"
#include "compiler/lower/tensors.hpp"

namespace infsim::compiler {

using graph::Node;
using graph::Shape;
using graph::TensorId;
using program::AluOp;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// How the row `id` (extent 1 except in its last axis) gets onto every partition for the tensor `beside`, whose last
/// axis is its columns; empty if either condition fails.
std::optional<RowPlan> plan_beside(const Lowering& low, TensorId beside, TensorId id) {
    const auto like = look(low, beside);
    if (!like) return std::nullopt;
    const Physical& full = like->full;
    const Shape& extents = low.source.shape(id);
    const Axes& axes = like->view.axes;
    if (extents.empty() || axes.empty() || full.rows != 1 || full.cols != extents.back() || full.cols == 1 ||
        like->view.first_slot != 0 || !is_whole(like->view, axes.size() - 1, Dim::col, full) ||
        graph::element_count(extents) != extents.back())
        return std::nullopt;
    const int lanes = *std::max_element(full.lanes.begin(), full.lanes.end());
    const int slots = std::min(low.net.slots.ways, full.slots());
    RowPlan plan;
    plan.full = beside;
    plan.row = id;
    plan.phys = {std::vector<int>(static_cast<std::size_t>(slots), lanes), 1, full.cols};
    const auto row = look(low, id);
    if (!row || !row->fills_value()) return std::nullopt;
    const Physical lies = row->phys();
    plan.turn = lies.rows == 1 && lies.cols == 1 && lies.channels() == full.cols;
    if (!plan.turn && (lies.rows != 1 || lies.channels() != 1 || lies.cols != full.cols)) return std::nullopt;
    return plan;
}

/// Spreads the row that `make` returns over every partition, once for all its users. `form`: names what was made.
template <class Make>
View spread_row(Lowering& low, const Node& node, const RowPlan& plan, const std::string& form, Make&& make) {
    const auto key = std::make_tuple(plan.row, plan.phys.slots(), plan.phys.lanes[0], form);
    if (const auto found = low.at.spreads.find(key); found != low.at.spreads.end()) return found->second;
    const View row = make();
    const std::string name = low.source.name(plan.row) + form + "/spread";
    const View out = low.whole(low.new_value(name, plan.phys, low.value(row).dtype), {});
    low.add_layer(node, "spread", SpreadOp{}, {row}, out);
    return low.at.spreads[key] = out;
}

View turned_if_due(Lowering& low, const Node& node, const RowPlan& plan, const View& row) {
    return plan.turn ? transposed_lanes(low, node, row, 1) : row;
}

/// A tensor op a repeated row.
BinaryOp beside(AluOp op) {
    BinaryOp binary{op, false};
    binary.spread = true;
    return binary;
}

/// Whether the number is -inf in this type.
bool is_minus_infinity(float number, DType dtype) {
    if (dtype == DType::fp16) number = fp16_to_float(float_to_fp16(number));
    if (dtype == DType::bf16) number = bf16_to_float(float_to_bf16(number));
    return number == -kInfinity;
}

}  // namespace

std::optional<RowPlan> plan_row(const Lowering& low, const Node& node, AluOp op) {
    const SourceGraph& source = low.source;
    const bool row_first = source.shape(node.inputs[1]) == source.shape(node.outputs[0]);
    const TensorId full = node.inputs[row_first ? 1 : 0], row = node.inputs[row_first ? 0 : 1];
    const bool commutes = op == AluOp::add || op == AluOp::multiply || op == AluOp::max || op == AluOp::min;
    if (source.shape(full) != source.shape(node.outputs[0]) || (row_first && !commutes) ||
        source.chip_dtype(row) != source.dtype || source.chip_dtype(full) != source.dtype)
        return std::nullopt;
    return plan_beside(low, full, row);
}

/// After a product of activations, the row is added while the sums leave PSUM.
void lower_row(Lowering& low, const Node& node, AluOp op, const RowPlan& plan) {
    const View full = view_of(low, plan.full);
    const View row =
        spread_row(low, node, plan, "", [&] { return turned_if_due(low, node, plan, view_of(low, plan.row)); });
    if (op == AluOp::add && fold_row(low, node, plan.full, row)) return;
    add_elementwise(low, node, beside(op), {full, row}, low.source.dtype);
}

std::optional<MaskPlan> plan_mask(const Lowering& low, const Task& task) {
    const Node& node = task.node;
    const SourceGraph& source = low.source;
    if (!low.options.masked_rows) return std::nullopt;
    MaskPlan plan;
    plan.where_true = source.scalar_constant(node.inputs[1]).has_value();
    const auto number = source.scalar_constant(node.inputs[plan.where_true ? 1 : 2]);
    const TensorId full = node.inputs[plan.where_true ? 2 : 1];
    if (!number || source.is_constant(full) || source.is_constant(node.inputs[0]) ||
        source.shape(full) != source.shape(node.outputs[0]) || source.chip_dtype(full) != source.dtype)
        return std::nullopt;
    auto row = plan_beside(low, full, node.inputs[0]);
    if (!row) return std::nullopt;
    plan.row = std::move(*row);
    plan.number = static_cast<float>(*number);
    return plan;
}

/// min(x, limit) with a limit of -inf where x is masked and +inf elsewhere, then max with a row that holds the number
/// where x is masked and -inf elsewhere: exact for every x but NaN. A number that is -inf in the computation type (the
/// lowest of fp32 is, in fp16 and bf16) takes one row of -inf and 0, which is added while the sums of a product leave
/// PSUM.
void lower_mask(Lowering& low, const Task& task, const MaskPlan& plan) {
    const Node& node = task.node;
    const DType dtype = low.source.dtype;
    const View full = view_of(low, plan.row.full);
    const auto condition = [&] {  // 0 and 1, as one row
        const View as_numbers = alu(low, view_of(low, plan.row.row), AluOp::none, 0, AluOp::none, 0, dtype);
        return turned_if_due(low, node, plan.row, as_numbers);
    };
    const float where_set = plan.where_true ? -kInfinity : kInfinity;
    const auto limit = [&] { return alu(low, condition(), AluOp::subtract, 0.5F, AluOp::multiply, where_set, dtype); };
    const std::string side = plan.where_true ? "/where" : "/where not";
    if (is_minus_infinity(plan.number, dtype)) {
        const View row = spread_row(low, node, plan.row, side + " -inf",
                                    [&] { return alu(low, limit(), AluOp::min, 0, AluOp::none, 0, dtype); });
        if (fold_row(low, node, plan.row.full, row)) return;
        return add_elementwise(low, node, beside(AluOp::add), {full, row}, dtype);
    }
    const View most = spread_row(low, node, plan.row, side, limit);
    const View least = spread_row(low, node, plan.row, side + " " + number_text(plan.number), [&] {
        return alu(low, limit(), AluOp::multiply, -1.0F, AluOp::min, plan.number, dtype);
    });
    const View cut = fresh(low, low.layout_of(full), dtype);
    low.add_layer(node, std::string(graph::op_name(node.op)), beside(AluOp::min), {full, most}, cut);
    add_elementwise(low, node, beside(AluOp::max), {cut, least}, dtype);
}

}  // namespace infsim::compiler
