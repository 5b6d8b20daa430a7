// What each operation requires of its operands and constants.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/op_text.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/verify_parts.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

namespace {

/// The rules of each operation; its parts exist.
struct OperandRules {
    const NetworkCheck& check;
    const Layer& layer;
    const std::string& where;

    void require(bool holds, const std::string& what) const { check.violations.require(holds, where, what); }
    bool inputs(std::size_t least, std::size_t most) const {
        const std::size_t n = layer.inputs.size();
        return check.violations.require(n >= least && n <= most, where,
                                        fmt::format("{} has {} inputs", op_name(layer.op), n));
    }
    bool one_input() const { return inputs(1, 1); }
    Physical in(std::size_t i) const { return check.layout(layer.inputs[i]); }
    Physical out() const { return check.layout(layer.output); }
    void same_layout(const Physical& a, const Physical& b, const char* what) const {
        require(a == b, fmt::format("{} are laid out differently", what));
    }
    void elementwise() const {
        if (one_input()) same_layout(in(0), out(), "input and output");
    }
    /// The constant, if present, has `elements`.
    void optional_constant(graph::TensorId tensor, std::int64_t elements, const char* what) const {
        if (tensor == graph::kNoTensor || !verify_constant(check, tensor, where)) return;
        const std::int64_t found = graph::element_count(check.graph.tensor(tensor).shape);
        require(found == elements, fmt::format("{} of {} elements for {}", what, found, elements));
    }
    void positive(std::initializer_list<int> numbers, const char* what) const {
        require(std::all_of(numbers.begin(), numbers.end(), [](int n) { return n > 0; }),
                fmt::format("a {} that is not positive", what));
    }

    void weights(const ConvOp& op) const {
        const WeightIndex& w = op.weight;
        const int channels = in(0).channels(), outputs = out().channels();
        require(op.groups > 0 && channels % op.groups == 0 && outputs % op.groups == 0,
                fmt::format("{} groups for {} channels to {}", op.groups, channels, outputs));
        require(w.replicas > 0 && channels % w.replicas == 0, fmt::format("{} copies of {}", w.replicas, channels));
        if (!verify_constant(check, w.tensor, where) || op.groups <= 0 || w.replicas <= 0) return;
        Reach reach{w.base, w.base};
        reach.add(outputs, w.so);
        reach.add(op.groups, w.group_step);
        reach.add(channels / op.groups / w.replicas, w.sc);
        reach.add(op.kernel_rows, w.sr);
        reach.add(op.kernel_cols, w.ss);
        reach.add(w.replicas, w.replica_step);
        const std::int64_t elements = graph::element_count(check.graph.tensor(w.tensor).shape);
        require(reach.within(elements), fmt::format("weights leave their tensor of {} elements", elements));
    }
    void operator()(const ConvOp& op) const {
        if (!inputs(op.residual ? 2 : 1, op.residual ? 2 : 1)) return;
        positive({op.kernel_rows, op.kernel_cols, op.stride_rows, op.stride_cols, op.dilation_rows, op.dilation_cols},
                 "kernel, stride or dilation");
        // Outputs may lie after the last row or column of the input: a transposed convolution makes zeros there.
        weights(op);
        optional_constant(op.bias, out().channels(), "a bias");
        require(!op.limit || (!op.residual && op.function == program::ActFunction::identity && *op.limit >= 0),
                "a limit together with a function or a residual, or below zero");
        if (op.residual && verify_part(check, *op.residual, where + " adds"))
            same_layout(check.layout(*op.residual), out(), "residual and output");
    }
    void operator()(const PoolOp& op) const {
        if (!one_input()) return;
        positive({op.kernel_rows, op.kernel_cols, op.stride_rows, op.stride_cols, op.dilation_rows, op.dilation_cols},
                 "kernel, stride or dilation");
        require(in(0).lanes == out().lanes, "input and output have different channels");
    }
    void operator()(const UnaryOp&) const { elementwise(); }
    void operator()(const ScalarOp& op) const {
        if (!inputs(1, 3)) return;
        same_layout(in(0), out(), "input and output");
        for (const ChannelScalar* s : {&op.first, &op.second}) {
            if (s->per_channel != graph::kNoTensor) verify_constant(check, s->per_channel, where);
            if (s->input <= 0) continue;
            const auto i = static_cast<std::size_t>(s->input);
            require(i < layer.inputs.size() && in(i).lanes == out().lanes && in(i).plane() == 1,
                    "scalars that are not one per channel");
        }
    }
    void operator()(const BinaryOp& op) const {
        if (!inputs(2, 2)) return;
        same_layout(in(0), out(), "input and output");
        if (op.spread) {
            require(in(1).cols == out().cols && in(1).rows == 1, "a spread operand with different columns");
            return;
        }
        require(in(1).lanes == out().lanes && op.inner > 0 && in(1).plane() * op.inner == out().plane(),
                "operands are laid out differently");
    }
    void operator()(const SoftmaxOp&) const { elementwise(); }
    void operator()(const LayerNormOp& op) const {
        elementwise();
        optional_constant(op.gamma, out().channels(), "a scale");
        optional_constant(op.beta, out().channels(), "a shift");
    }
    void operator()(const LrnOp& op) const {
        elementwise();
        positive({op.size}, "size");
    }
    void operator()(const HeadMatmulOp& op) const {
        if (!inputs(op.added ? 3 : 2, op.added ? 3 : 2)) return;
        positive({op.heads}, "number of heads");
        if (op.heads <= 0) return;
        const Physical a = in(0), b = in(1), c = out();
        require(a.lanes == b.lanes && a.slots() % op.heads == 0, "operands contract over different channels");
        require(c.channels() == op.heads * a.cols && c.cols == b.cols,
                fmt::format("a product of {}x{} columns has {} channels, {} columns", a.cols, b.cols, c.channels(),
                            c.cols));
        if (op.added)
            require(verify_part(check, *op.added, where + " adds") && check.layout(*op.added).cols == c.cols,
                    "the addend has different columns");
    }
    void operator()(const SpreadOp&) const {
        if (!one_input()) return;
        require(in(0).channels() == 1 && in(0).cols == out().cols, "spreads other than one row of the same columns");
        require(out().slots() <= check.network.slots.ways, "spreads to more slots than a group has");
    }
    void operator()(const TransposeOp& op) const {
        if (!one_input()) return;
        positive({op.heads}, "number of heads");
        if (op.heads <= 0) return;
        require(out().channels() == op.heads * in(0).plane() && out().plane() * op.heads == in(0).channels(),
                "lanes and planes are not exchanged");
    }
    void operator()(const GatherOp& op) const {
        if (!one_input()) return;
        optional_constant(op.table, op.rows * op.row_elements, "a table");
        require(out().channels() == in(0).channels() && out().cols == op.row_elements, "rows are not those gathered");
    }
    void operator()(const ReplicateOp& op) const {
        if (!one_input()) return;
        require(out().channels() == op.replicas * in(0).channels() && out().cols == in(0).cols,
                "copies are not those of the input");
    }
    void operator()(const CopyOp&) const { elementwise(); }
    void operator()(const ArrangeOp& op) const {
        if (!inputs(1, layer.inputs.size())) return;
        for (const ArrangeOp::Piece& piece : op.pieces) {
            const auto i = static_cast<std::size_t>(piece.input);
            if (!check.violations.require(piece.input >= 0 && i < layer.inputs.size(), where, "moves no input of it"))
                continue;
            require(in(i).lanes == out().lanes, "moves elements to other lanes");
            Reach from{piece.from, piece.from}, to{piece.to, piece.to};
            for (const ArrangeOp::Walk& walk : piece.walks) {
                from.add(walk.count, walk.from);
                to.add(walk.count, walk.to);
            }
            require(from.within(in(i).plane()) && to.within(out().plane()), "a piece leaves its plane");
        }
    }
    void operator()(const ReduceOp& op) const {
        if (!one_input()) return;
        require(in(0).lanes == out().lanes && op.inner > 0 && out().plane() * op.inner == in(0).plane(),
                "the plane is not reduced as said");
    }
    void operator()(const StoreOp& op) const {
        if (!one_input() || !verify_view(check, op.from, where)) return;
        require(check.value(layer.output.value).scratch_elements == graph::element_count(shape_of(op.from)),
                "stores a different number of elements");
    }
    void operator()(const FetchOp& op) const {
        if (!verify_view(check, op.to, where)) return;
        // A part of a concatenation keeps the view of its own value; the layer's output says where it lies now.
        require(op.to.slots == layer.output.slots, "fills a different number of slots than it writes");
        const graph::Shape shape = shape_of(op.to);
        for (const FetchBox& box : op.boxes) {
            verify_strided(check, box.from, where);
            verify_box(box, shape);
        }
    }
    /// The box lies inside `shape`; without starts and steps it covers all of it.
    void verify_box(const FetchBox& box, const graph::Shape& shape) const {
        const graph::Shape extents = shape_of(box.from);
        bool inside = extents.size() == shape.size();
        for (std::size_t a = 0; inside && a < shape.size(); ++a) {
            const std::int64_t start = box.start.empty() ? 0 : box.start.at(a),
                               step = box.step.empty() ? 1 : box.step.at(a);
            Reach reach{start, start};
            reach.add(extents[a], step);
            inside = reach.within(shape[a]);
        }
        require(inside, to_text(box.from) + " fills more than there is");
    }
};

}  // namespace

void verify_operands(const NetworkCheck& check, const Layer& layer, const std::string& where) {
    std::visit(OperandRules{check, layer, where}, layer.op);
}

}  // namespace infsim::compiler
