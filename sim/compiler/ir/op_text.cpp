#include "compiler/ir/op_text.hpp"

#include <vector>

#include <fmt/format.h>

#include "base/dtype.hpp"
#include "program/names.hpp"

namespace infsim::compiler {

namespace {

/// " key=value" pairs, without defaults.
class Fields {
public:
    void add(const char* key, const std::string& value) { text_ += fmt::format(" {}={}", key, value); }
    template <class T>
    void add(const char* key, const T& value, const T& usual) {
        if (!(value == usual)) add(key, fmt::format("{}", value));
    }
    void flag(const char* key, bool set) {
        if (set) text_ += fmt::format(" {}", key);
    }
    void tensor(const char* key, graph::TensorId id) {
        if (id != graph::kNoTensor) add(key, fmt::format("t{}", id));
    }
    /// Rows and columns, unless both are `usual`.
    void pair(const char* key, int rows, int cols, int usual) {
        if (rows != usual || cols != usual) add(key, fmt::format("{}x{}", rows, cols));
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string scalar_text(const ChannelScalar& scalar) {
    const auto& [op, immediate, per_channel, input] = scalar;
    if (op == program::AluOp::none) return "none";
    const std::string operand = input > 0                         ? fmt::format("input {}", input)
                                : per_channel != graph::kNoTensor ? fmt::format("t{}", per_channel)
                                                                  : fmt::format("{}", immediate);
    return fmt::format("{}({})", program::name(op), operand);
}

const char* dim_name(Dim dim) {
    switch (dim) {
        case Dim::channel: return "channel";
        case Dim::slot: return "slot";
        case Dim::lane: return "lane";
        case Dim::row: return "row";
        case Dim::col: return "col";
    }
    return "?";
}

std::string factor_text(const Factor& factor) {
    const auto& [dim, extent, step] = factor;
    return step == 1 ? fmt::format("{}:{}", dim_name(dim), extent)
                     : fmt::format("{}:{}/{}", dim_name(dim), extent, step);
}
std::string factor_text(const StrideFactor& factor) {
    const auto& [extent, stride] = factor;
    return fmt::format("{}*{}", extent, stride);
}

/// "(1, channel:64, row:2/7 col:7)": an axis of extent 1 has no factors.
template <class F>
std::string axes_text(const std::vector<std::vector<F>>& axes) {
    std::string text;
    for (const auto& axis : axes) {
        text += text.empty() ? "(" : ", ";
        if (axis.empty()) text += "1";
        for (std::size_t f = 0; f < axis.size(); ++f) text += (f == 0 ? "" : " ") + factor_text(axis[f]);
    }
    return text.empty() ? "()" : text + ")";
}

template <class T>
std::string list_text(const std::vector<T>& list) {
    return fmt::format("[{}]", fmt::join(list, ","));
}

std::string weight_text(const WeightIndex& weight) {
    const auto& [tensor, so, sc, sr, ss, replicas, replica_step, base, group_step] = weight;
    std::string text = fmt::format("t{}(o*{},c*{},r*{},s*{})", tensor, so, sc, sr, ss);
    if (base != 0) text += fmt::format("@{}", base);
    if (group_step != 0) text += fmt::format("+{} a group", group_step);
    return replicas == 1 ? text : text + fmt::format("/{} copies {} apart", replicas, replica_step);
}

/// One text per operation. Every field is named, so that an added one breaks the build here.
struct OpText {
    Fields fields;

    void operator()(const ConvOp& op) {
        const auto& [weight, bias, kernel_rows, kernel_cols, stride_rows, stride_cols, dilation_rows, dilation_cols,
                     pad_top, pad_left, groups, function, residual, relu_after_add, limit] = op;
        fields.add("weight", weight_text(weight));
        fields.tensor("bias", bias);
        fields.add("kernel", fmt::format("{}x{}", kernel_rows, kernel_cols));
        fields.pair("stride", stride_rows, stride_cols, 1);
        fields.pair("dilation", dilation_rows, dilation_cols, 1);
        if (pad_top != 0 || pad_left != 0) fields.add("pad", fmt::format("top {} left {}", pad_top, pad_left));
        fields.add("groups", groups, 1);
        function_text(function);
        if (residual) fields.add("residual", to_text(*residual));
        fields.flag("relu_after_add", relu_after_add);
        if (limit) fields.add("limit", fmt::format("{}", *limit));
    }
    void operator()(const PoolOp& op) {
        const auto& [average, count_include_pad, kernel_rows, kernel_cols, stride_rows, stride_cols, dilation_rows,
                     dilation_cols, pad_top, pad_left, pad_bottom, pad_right] = op;
        fields.add("of", average ? "average" : "maximum");
        fields.flag("count_include_pad", count_include_pad);
        fields.add("kernel", fmt::format("{}x{}", kernel_rows, kernel_cols));
        fields.pair("stride", stride_rows, stride_cols, 1);
        fields.pair("dilation", dilation_rows, dilation_cols, 1);
        if (pad_top != 0 || pad_left != 0 || pad_bottom != 0 || pad_right != 0)
            fields.add("pad", fmt::format("{},{},{},{}", pad_top, pad_left, pad_bottom, pad_right));
    }
    void operator()(const UnaryOp& op) {
        const auto& [function, scale, bias] = op;
        function_text(function);
        fields.add("scale", scale, 1.0F);
        fields.add("bias", bias, 0.0F);
    }
    void operator()(const ScalarOp& op) {
        const auto& [first, second] = op;
        fields.add("first", scalar_text(first));
        fields.add("second", scalar_text(second));
    }
    void operator()(const BinaryOp& op) {
        const auto& [alu, relu, inner, spread] = op;
        fields.add("op", std::string(program::name(alu)));
        fields.flag("relu", relu);
        fields.add("inner", inner, 1);
        fields.flag("spread", spread);
    }
    void operator()(const SoftmaxOp& op) {
        const auto& [log] = op;
        fields.flag("log", log);
    }
    void operator()(const LayerNormOp& op) {
        const auto& [gamma, beta, epsilon] = op;
        fields.tensor("gamma", gamma);
        fields.tensor("beta", beta);
        fields.add("epsilon", fmt::format("{}", epsilon));
    }
    void operator()(const LrnOp& op) {
        const auto& [size, alpha, beta, bias] = op;
        fields.add("size", fmt::format("{} alpha={} beta={} bias={}", size, alpha, beta, bias));
    }
    void operator()(const HeadMatmulOp& op) {
        const auto& [heads, scale, added] = op;
        fields.add("heads", heads, 1);
        fields.add("scale", scale, 1.0F);
        if (added) fields.add("added", to_text(*added));
    }
    void operator()(const SpreadOp&) {}
    void operator()(const TransposeOp& op) {
        const auto& [heads] = op;
        fields.add("heads", heads, 1);
    }
    void operator()(const GatherOp& op) {
        const auto& [table, rows, row_elements] = op;
        fields.tensor("table", table);
        fields.add("rows", fmt::format("{} of {}", rows, row_elements));
    }
    void operator()(const ReplicateOp& op) {
        const auto& [replicas, stride, dilation, pad] = op;
        fields.add("replicas", fmt::format("{}", replicas));
        fields.add("stride", stride, 1);
        fields.add("dilation", dilation, 1);
        fields.add("pad", pad, 0);
    }
    void operator()(const CopyOp&) {}
    void operator()(const ArrangeOp& op) {
        const auto& [pieces, fill] = op;
        for (const auto& [input, from, to, walks, weight, add] : pieces) {
            std::string text = fmt::format("{}@{} to {}", input, from, to);
            for (const auto& [count, from_step, to_step] : walks)
                text += fmt::format(" {}*{}:{}", count, from_step, to_step);
            if (weight != 1) text += fmt::format(" weight {}", weight);
            if (add) text += " added";
            fields.add("piece", text);
        }
        if (fill) fields.add("fill", fmt::format("{}", *fill));
    }
    void operator()(const ReduceOp& op) {
        const auto& [alu, inner, scale] = op;
        fields.add("op", std::string(program::name(alu)));
        fields.add("inner", fmt::format("{}", inner));
        fields.add("scale", scale, 1.0F);
    }
    void operator()(const StoreOp& op) {
        const auto& [from] = op;
        fields.add("from", to_text(from));
    }
    void operator()(const FetchOp& op) {
        const auto& [to, boxes, fill, from_dtype] = op;
        fields.add("to", to_text(to));
        fields.add("from_dtype", std::string(dtype_name(from_dtype)));
        for (const auto& [from, start, step] : boxes)
            fields.add("box", fmt::format("{} at {} by {}", to_text(from), list_text(start), list_text(step)));
        if (fill) fields.add("fill", fmt::format("{}", *fill));
    }

private:
    void function_text(program::ActFunction function) {
        if (function != program::ActFunction::identity) fields.add("function", std::string(program::name(function)));
    }
};

struct OpName {
    const char* operator()(const ConvOp&) const { return "conv"; }
    const char* operator()(const PoolOp&) const { return "pool"; }
    const char* operator()(const UnaryOp&) const { return "unary"; }
    const char* operator()(const ScalarOp&) const { return "scalar"; }
    const char* operator()(const BinaryOp&) const { return "binary"; }
    const char* operator()(const SoftmaxOp&) const { return "softmax"; }
    const char* operator()(const LayerNormOp&) const { return "layer_norm"; }
    const char* operator()(const LrnOp&) const { return "lrn"; }
    const char* operator()(const HeadMatmulOp&) const { return "head_matmul"; }
    const char* operator()(const TransposeOp&) const { return "transpose"; }
    const char* operator()(const SpreadOp&) const { return "spread"; }
    const char* operator()(const GatherOp&) const { return "gather"; }
    const char* operator()(const ReplicateOp&) const { return "replicate"; }
    const char* operator()(const CopyOp&) const { return "copy"; }
    const char* operator()(const ArrangeOp&) const { return "arrange"; }
    const char* operator()(const ReduceOp&) const { return "reduce"; }
    const char* operator()(const StoreOp&) const { return "store"; }
    const char* operator()(const FetchOp&) const { return "fetch"; }
};

}  // namespace

const char* op_name(const LayerOp& op) { return std::visit(OpName{}, op); }

std::string op_text(const LayerOp& op) {
    OpText text;
    std::visit(text, op);
    return text.fields.text();
}

std::string to_text(const Part& part) {
    const auto& [value, first_slot, slots] = part;
    return fmt::format("v{}[{}+{}]", ValueId(value).value(), first_slot, slots);
}

std::string to_text(const View& view) {
    const auto& [value, first_slot, slots, axes] = view;
    return to_text(Part{value, first_slot, slots}) + " " + axes_text(axes);
}

std::string to_text(const Strided& strided) {
    const auto& [source, index, offset, axes] = strided;
    const char* name = source == Strided::Source::scratch    ? "scratch v"
                       : source == Strided::Source::input    ? "input "
                       : source == Strided::Source::constant ? "constant t"
                                                             : "literal ";
    return fmt::format("{}{} @{} {}", name, index, offset, axes_text(axes));
}

}  // namespace infsim::compiler
