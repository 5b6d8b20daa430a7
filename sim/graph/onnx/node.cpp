#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "graph/elements.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

TensorId OnnxNode::in(std::size_t i) const {
    if (!has(i)) throw ShapeError(fmt::format("lacks input {}", i));
    const auto& name = proto_.input(static_cast<int>(i));
    const auto found = import_.tensors.find(name);
    if (found != import_.tensors.end()) return found->second;
    if (import_.lost.count(name) != 0) throw LostInput{};
    throw ShapeError(fmt::format("its input '{}' is not defined before it", name));
}

std::vector<double> OnnxNode::values(std::size_t i) const {
    const auto list = import_.builder.values(in(i));
    if (!list)
        throw ShapeError(fmt::format("its input {} ('{}') must be a constant of at most {} elements", i,
                                     proto_.input(static_cast<int>(i)), kFoldLimit));
    return *list;
}

Ints OnnxNode::ints(std::size_t i) const {
    Ints out;
    for (const double v : values(i)) out.push_back(bounded_integer(v));
    return out;
}

double OnnxNode::scalar(std::size_t i) const {
    const auto list = values(i);
    if (list.size() != 1) throw ShapeError(fmt::format("its input {} must be one number", i));
    return list[0];
}

const ::onnx::AttributeProto* OnnxNode::find(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
    asked_.insert(name);
    for (const auto& attribute : proto_.attribute()) {
        if (attribute.name() != name) continue;
        if (attribute.type() != type) throw ShapeError(fmt::format("attribute '{}' has the wrong type", name));
        return &attribute;
    }
    return nullptr;
}

bool OnnxNode::has_attribute(const std::string& name) const {
    return std::any_of(proto_.attribute().begin(), proto_.attribute().end(),
                       [&](const auto& attribute) { return attribute.name() == name; });
}

std::int64_t OnnxNode::integer(const std::string& name, std::int64_t fallback) {
    const auto* found = find(name, ::onnx::AttributeProto::INT);
    return found != nullptr ? bounded_integer(static_cast<double>(found->i())) : fallback;
}

double OnnxNode::real(const std::string& name, double fallback) {
    const auto* found = find(name, ::onnx::AttributeProto::FLOAT);
    return found != nullptr ? found->f() : fallback;
}

std::string OnnxNode::text(const std::string& name, const std::string& fallback) {
    const auto* found = find(name, ::onnx::AttributeProto::STRING);
    return found != nullptr ? found->s() : fallback;
}

std::optional<Ints> OnnxNode::integers(const std::string& name) {
    const auto* found = find(name, ::onnx::AttributeProto::INTS);
    if (found == nullptr) return std::nullopt;
    Ints out;
    for (const auto v : found->ints()) out.push_back(bounded_integer(static_cast<double>(v)));
    return out;
}

std::optional<std::vector<double>> OnnxNode::reals(const std::string& name) {
    const auto* found = find(name, ::onnx::AttributeProto::FLOATS);
    if (found == nullptr) return std::nullopt;
    return std::vector<double>(found->floats().begin(), found->floats().end());
}

std::optional<std::vector<std::string>> OnnxNode::texts(const std::string& name) {
    const auto* found = find(name, ::onnx::AttributeProto::STRINGS);
    if (found == nullptr) return std::nullopt;
    return std::vector<std::string>(found->strings().begin(), found->strings().end());
}

const ::onnx::TensorProto* OnnxNode::tensor(const std::string& name) {
    const auto* found = find(name, ::onnx::AttributeProto::TENSOR);
    return found != nullptr ? &found->t() : nullptr;
}

const ::onnx::GraphProto& OnnxNode::graph(const std::string& name) {
    const auto* found = find(name, ::onnx::AttributeProto::GRAPH);
    if (found == nullptr) throw ShapeError(fmt::format("lacks its graph '{}'", name));
    return found->g();
}

void OnnxNode::check_attributes_known() const {
    for (const auto& attribute : proto_.attribute())
        if (asked_.count(attribute.name()) == 0)
            throw ShapeError(fmt::format("attribute '{}' is not supported in opset {}", attribute.name(), opset()));
}

std::optional<Ints> OnnxNode::list(const std::string& attribute, std::size_t input) {
    if (auto found = integers(attribute)) return found;
    if (has(input)) return ints(input);
    return std::nullopt;
}

std::int64_t OnnxNode::axis(std::int64_t axis, std::size_t rank) const {
    const auto n = static_cast<std::int64_t>(rank);
    if (axis < -n || axis >= n) throw ShapeError(fmt::format("axis {} is outside of a rank of {}", axis, rank));
    return axis < 0 ? axis + n : axis;
}

Ints OnnxNode::axes(Ints axes, std::size_t rank) const {
    for (auto& a : axes) a = axis(a, rank);
    std::sort(axes.begin(), axes.end());
    return axes;
}

namespace {

bool has_named_output(const ::onnx::NodeProto& node, std::size_t i) {
    return i < static_cast<std::size_t>(node.output_size()) && !node.output(static_cast<int>(i)).empty();
}

}  // namespace

std::string label_of(const ::onnx::NodeProto& node) {
    if (!node.name().empty()) return node.name();
    for (const auto& output : node.output())
        if (!output.empty()) return output;
    return node.op_type();
}

std::string OnnxNode::output_name(std::size_t i) const {
    if (has_named_output(proto_, i)) return proto_.output(static_cast<int>(i));
    return import_.builder.fresh_tensor_name(fmt::format("{}/output{}", label_of(proto_), i));
}

bool OnnxNode::output_used(std::size_t i) const {
    return has_named_output(proto_, i) && import_.used.count(output_name(i)) != 0;
}

void OnnxNode::require_single_output() const {
    for (std::size_t i = 1; i < output_count(); ++i)
        if (output_used(i)) throw ShapeError(fmt::format("its output {} ('{}') is not supported", i, output_name(i)));
}

void OnnxNode::bind(std::size_t i, TensorId tensor) {
    if (has_named_output(proto_, i)) import_.tensors[output_name(i)] = tensor;
}

void OnnxNode::bind_unknown(std::size_t i, const Shape& shape, DType dtype) {
    if (has_named_output(proto_, i)) bind(i, builder().input(output_name(i), shape, dtype, -1));
}

void OnnxNode::emit(Op op, const std::vector<TensorId>& inputs, Attributes attributes) {
    bind(0, builder().node(op, proto_.name(), inputs, std::move(attributes), output_name(0)));
}

void OnnxNode::emit_many(Op op, const std::vector<TensorId>& inputs, Attributes attributes) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < output_count(); ++i) names.push_back(output_name(i));
    const auto ids = builder().nodes(op, proto_.name(), inputs, std::move(attributes), names);
    for (std::size_t i = 0; i < ids.size(); ++i) bind(i, ids[i]);
}

TensorId OnnxNode::make(Op op, const std::vector<TensorId>& inputs, Attributes attributes) {
    const auto suffix = fmt::format("/{}{}", op_name(op), ++helpers_);
    const auto name = proto_.name().empty() ? std::string() : proto_.name() + suffix;
    return builder().node(op, name, inputs, std::move(attributes),
                          builder().fresh_tensor_name(output_name(0) + suffix));
}

std::vector<TensorId> OnnxNode::parts(TensorId tensor, std::int64_t axis, const Ints& sizes) {
    const auto suffix = fmt::format("/split{}", ++helpers_);
    const auto name = proto_.name().empty() ? std::string() : proto_.name() + suffix;
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < sizes.size(); ++i)
        outputs.push_back(builder().fresh_tensor_name(fmt::format("{}{}.{}", output_name(0), suffix, i)));
    return builder().nodes(Op::split, name, {tensor}, {{"axis", axis}, {"split", sizes}}, outputs);
}

TensorId OnnxNode::part(TensorId tensor, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step) {
    return make(Op::slice, {tensor},
                {{"axes", Ints{axis}}, {"starts", Ints{begin}}, {"ends", Ints{end}}, {"steps", Ints{step}}});
}

TensorId OnnxNode::cast(TensorId tensor, DType to) {
    if (builder().facts(tensor).dtype == to) return tensor;
    return make(Op::cast, {tensor}, {{"to", std::string(dtype_name(to))}});
}

TensorId OnnxNode::number(double value, DType dtype) {
    return builder().small(builder().fresh_tensor_name(output_name(0) + "/number"), {}, dtype, {value});
}

TensorId OnnxNode::small(const Shape& shape, DType dtype, std::vector<double> values) {
    return builder().small(builder().fresh_tensor_name(output_name(0) + "/list"), shape, dtype, std::move(values));
}

TensorId OnnxNode::scaled(TensorId tensor, double factor) {
    if (factor == 1) return tensor;
    if (!builder().is_constant(tensor)) return make(Op::mul, {tensor, number(factor, builder().facts(tensor).dtype)});
    Recipe recipe;
    recipe.kind = Recipe::Kind::scale;
    recipe.sources = {tensor};
    recipe.factor = factor;
    const auto& facts = builder().facts(tensor);
    return builder().constant(builder().fresh_tensor_name(output_name(0) + "/scaled"), Shape(facts.shape), facts.dtype,
                              recipe);
}

void OnnxNode::emit_scaled(TensorId tensor, double factor) {
    if (factor == 1) bind(0, tensor);
    else emit(Op::mul, {tensor, number(factor, builder().facts(tensor).dtype)});
}

namespace {

/// Operators of the default domain.
const ConverterTable& standard_converters() {
    static const ConverterTable table = [] {
        ConverterTable t;
        for (const auto add : {add_elementwise, add_activations, add_spatial, add_matrix, add_norms, add_movement,
                               add_shapes, add_constants, add_resize, add_control, add_recurrent, add_attention,
                               add_indexing, add_gather_scatter, add_quantized, add_new_norms, add_host_operators})
            add(t);
        return t;
    }();
    return table;
}

const ConverterTable& microsoft_converters() {
    static const ConverterTable table = [] {
        ConverterTable t;
        add_microsoft(t);
        return t;
    }();
    return table;
}

/// The converters of a domain; nullptr for one that has none.
const ConverterTable* converters_of(const std::string& domain) {
    if (domain.empty() || domain == "ai.onnx") return &standard_converters();
    return domain == "com.microsoft" ? &microsoft_converters() : nullptr;
}

}  // namespace

Converter converter_of(const ::onnx::NodeProto& node) { return converters_of(node.domain())->at(node.op_type()); }

std::string unsupported(const ::onnx::NodeProto& node, std::int64_t opset) {
    const auto* table = converters_of(node.domain());
    if (table == nullptr) return fmt::format("operators of domain '{}' are not supported", node.domain());
    if (table->count(node.op_type()) > 0) return "";
    if (table == &microsoft_converters())
        return fmt::format("operator '{}' of domain '{}' is not supported", node.op_type(), node.domain());
    return fmt::format("operator '{}' is not supported (opset {})", node.op_type(), opset);
}

}  // namespace infsim::graph::onnx_import
