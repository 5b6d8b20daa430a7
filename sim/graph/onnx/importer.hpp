// The ONNX node being converted, and the state of the conversion. Private to onnx/*.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "graph/builder.hpp"
#include "graph/onnx/reader.hpp"

namespace infsim::graph::onnx_import {

using Ints = std::vector<std::int64_t>;
using Attributes = GraphBuilder::Attributes;

/// The state of one import.
struct Import {
    const OnnxFile& file;
    std::int64_t opset;
    GraphBuilder builder;
    std::map<std::string, TensorId> tensors;  ///< by ONNX name
    std::set<std::string> used;               ///< names that some node or the graph's outputs read
    std::set<std::string> lost;               ///< outputs of nodes that could not be converted
    std::set<std::string> notes;              ///< what to tell the user
    std::map<TensorId, TensorId> real;        ///< QuantizeLinear's result -> the same, not rounded
    /// Converts a node in place of the one that contains it; reports its problems itself.
    std::function<void(const ::onnx::NodeProto&, int position)> convert;
    int depth = 0, inlined = 0;  ///< of subgraphs and functions, see subgraph.cpp
    bool on_host = false;        ///< converts the host's part (host.hpp)
};

/// An input of the node is the output of one that already failed: nothing new to report.
struct LostInput {};

/// One ONNX node: typed access to attributes and inputs, and functions to add its translation. All accessors
/// throw ShapeError with a message for the user if the node is malformed or uses something unsupported.
class OnnxNode {
public:
    OnnxNode(Import& import, const ::onnx::NodeProto& proto) : import_(import), proto_(proto) {}

    const std::string& type() const { return proto_.op_type(); }
    std::int64_t opset() const { return import_.opset; }
    GraphBuilder& builder() { return import_.builder; }
    const OnnxFile& file() const { return import_.file; }
    Import& import() { return import_; }
    const ::onnx::NodeProto& proto() const { return proto_; }
    void note(const std::string& text) { import_.notes.insert(text); }

    // Inputs.
    std::size_t input_count() const { return static_cast<std::size_t>(proto_.input_size()); }
    bool has(std::size_t i) const { return i < input_count() && !proto_.input(static_cast<int>(i)).empty(); }
    TensorId in(std::size_t i) const;  ///< required
    const Facts& facts(std::size_t i) const { return import_.builder.facts(in(i)); }
    const Shape& shape(std::size_t i) const { return facts(i).shape; }
    std::size_t rank() const { return shape(0).size(); }
    std::vector<double> values(std::size_t i) const;  ///< the input must be a small constant
    Ints ints(std::size_t i) const;
    double scalar(std::size_t i) const;

    // Attributes. Those not read by the end of a conversion are reported as unsupported.
    std::int64_t integer(const std::string& name, std::int64_t fallback);
    double real(const std::string& name, double fallback);
    std::string text(const std::string& name, const std::string& fallback);
    std::optional<Ints> integers(const std::string& name);
    std::optional<std::vector<double>> reals(const std::string& name);
    std::optional<std::vector<std::string>> texts(const std::string& name);
    const ::onnx::TensorProto* tensor(const std::string& name);
    const ::onnx::GraphProto& graph(const std::string& name);
    bool has_attribute(const std::string& name) const;
    void ignore(const std::string& name) { asked_.insert(name); }  ///< does not affect inference
    void check_attributes_known() const;
    /// A list that is an attribute in old opsets and an input in new ones.
    std::optional<Ints> list(const std::string& attribute, std::size_t input);

    /// Converts an `axis` that may count from the end to one from the front.
    std::int64_t axis(std::int64_t axis, std::size_t rank) const;
    Ints axes(Ints axes, std::size_t rank) const;  ///< each as above, sorted

    // Outputs.
    std::size_t output_count() const { return static_cast<std::size_t>(proto_.output_size()); }
    std::string output_name(std::size_t i) const;  ///< a fresh one for an output without a name, which nobody reads
    bool output_used(std::size_t i) const;
    void require_single_output() const;         ///< only the first output may be used
    void bind(std::size_t i, TensorId tensor);  ///< output `i` is this tensor
    /// Whether the node belongs to the host and is converted without values, to find what it reads.
    bool measures() const { return import_.on_host && !import_.builder.evaluating(); }
    /// For a node that measures: output `i` is a tensor with only its shape known.
    void bind_unknown(std::size_t i, const Shape& shape, DType dtype);
    /// The node becomes this one; its outputs are bound.
    void emit(Op op, const std::vector<TensorId>& inputs, Attributes attributes = {});
    void emit_many(Op op, const std::vector<TensorId>& inputs, Attributes attributes);
    /// Adds an intermediate node.
    TensorId make(Op op, const std::vector<TensorId>& inputs, Attributes attributes = {});
    /// Splits a tensor into parts of these sizes along `axis`.
    std::vector<TensorId> parts(TensorId tensor, std::int64_t axis, const Ints& sizes);
    /// The part [begin, end) of `axis`.
    TensorId part(TensorId tensor, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
    TensorId cast(TensorId tensor, DType to);    ///< the tensor itself if it has that type
    TensorId number(double value, DType dtype);  ///< a scalar constant
    /// A constant with few values.
    TensorId small(const Shape& shape, DType dtype, std::vector<double> values);
    TensorId scaled(TensorId tensor, double factor);   ///< tensor * factor, as a recipe if it is constant
    void emit_scaled(TensorId tensor, double factor);  ///< the output is tensor * factor

private:
    const ::onnx::AttributeProto* find(const std::string& name, ::onnx::AttributeProto::AttributeType type);

    Import& import_;
    const ::onnx::NodeProto& proto_;
    std::set<std::string> asked_;
    int helpers_ = 0;
};

/// The name of a node in reports and tensor names: if it has none, that of its first output with a name; else its type.
std::string label_of(const ::onnx::NodeProto& node);

using Converter = void (*)(OnnxNode&);
using ConverterTable = std::map<std::string, Converter>;

// Each family adds its operators by ONNX name.
void add_elementwise(ConverterTable& table);
void add_activations(ConverterTable& table);
void add_spatial(ConverterTable& table);
void add_matrix(ConverterTable& table);
void add_norms(ConverterTable& table);
void add_movement(ConverterTable& table);
void add_shapes(ConverterTable& table);
void add_constants(ConverterTable& table);
void add_resize(ConverterTable& table);
void add_control(ConverterTable& table);
void add_recurrent(ConverterTable& table);
void add_attention(ConverterTable& table);
void add_indexing(ConverterTable& table);
void add_gather_scatter(ConverterTable& table);
void add_quantized(ConverterTable& table);
void add_new_norms(ConverterTable& table);
void add_host_operators(ConverterTable& table);
void add_microsoft(ConverterTable& table);  ///< domain com.microsoft

/// 0 except where x equals its maximum (`extreme` is reduce_max) or minimum along `axis`; there it is a ramp that falls
/// to 1 (rises from 1 for `last`). So its unique maximum is at the first (last) such element; integers keep it exact
/// whatever the type of x.
TensorId ramp_at_extremes(OnnxNode& node, TensorId x, Op extreme, std::int64_t axis, bool last);

/// The converter of a node; exists if unsupported() returns "".
Converter converter_of(const ::onnx::NodeProto& node);
/// Why a host operator on computed data is refused if the host may not run it.
std::string needs_host(const std::string& type);
/// Why a node's operator cannot be converted, whatever its operands; "" if it can.
std::string unsupported(const ::onnx::NodeProto& node, std::int64_t opset);

}  // namespace infsim::graph::onnx_import
