// The ONNX node being converted, and what conversion knows around it. Private to onnx/*.cpp.
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
    std::set<std::string> notes;              ///< what a user should be told
    std::map<TensorId, TensorId> real;        ///< by what QuantizeLinear made: the same not rounded
    /// Converts a node in the place of one that holds it; reports its problems itself.
    std::function<void(const ::onnx::NodeProto&, int position)> convert;
    int depth = 0, inlined = 0;  ///< of subgraphs and functions, see subgraph.cpp
    bool on_host = false;        ///< what is converted is the host's (host.hpp)
};

/// An input of the node is the output of one that already failed: nothing new to report.
struct LostInput {};

/// One ONNX node: typed access to attributes and inputs, and the way to add what it becomes. All accessors
/// throw ShapeError with a message for the user where the node is malformed or uses what is not supported.
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
    std::vector<double> values(std::size_t i) const;  ///< of an input that must be a small constant
    Ints ints(std::size_t i) const;
    double scalar(std::size_t i) const;

    // Attributes. What nobody asked for by the end of a conversion is reported as unsupported.
    std::int64_t integer(const std::string& name, std::int64_t fallback);
    double real(const std::string& name, double fallback);
    std::string text(const std::string& name, const std::string& fallback);
    std::optional<Ints> integers(const std::string& name);
    std::optional<std::vector<double>> reals(const std::string& name);
    std::optional<std::vector<std::string>> texts(const std::string& name);
    const ::onnx::TensorProto* tensor(const std::string& name);
    const ::onnx::GraphProto& graph(const std::string& name);
    bool has_attribute(const std::string& name) const;
    void ignore(const std::string& name) { asked_.insert(name); }  ///< has no influence on inference
    void check_attributes_known() const;
    /// A list that is an attribute in old opsets and an input in new ones.
    std::optional<Ints> list(const std::string& attribute, std::size_t input);

    /// `axis` counted from the end made one from the front.
    std::int64_t axis(std::int64_t axis, std::size_t rank) const;
    Ints axes(Ints axes, std::size_t rank) const;  ///< each as above, sorted

    // Outputs.
    std::size_t output_count() const { return static_cast<std::size_t>(proto_.output_size()); }
    std::string output_name(std::size_t i) const { return proto_.output(static_cast<int>(i)); }
    bool output_used(std::size_t i) const;
    void require_single_output() const;         ///< of several outputs only the first may be used
    void bind(std::size_t i, TensorId tensor);  ///< output `i` is this tensor
    /// Whether the node is the host's and converted without values, to see what it reads.
    bool measures() const { return import_.on_host && !import_.builder.evaluating(); }
    /// Output `i` is a tensor of which only the shape is known, of a node that measures.
    void bind_unknown(std::size_t i, const Shape& shape, DType dtype);
    /// The node becomes this one; its outputs are bound.
    void emit(Op op, const std::vector<TensorId>& inputs, Attributes attributes = {});
    void emit_many(Op op, const std::vector<TensorId>& inputs, Attributes attributes);
    /// A node on the way to the output.
    TensorId make(Op op, const std::vector<TensorId>& inputs, Attributes attributes = {});
    /// One on the way, cut into parts of these sizes along `axis`.
    std::vector<TensorId> parts(TensorId tensor, std::int64_t axis, const Ints& sizes);
    /// The part [begin, end) of `axis`.
    TensorId part(TensorId tensor, std::int64_t axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
    TensorId cast(TensorId tensor, DType to);    ///< the tensor itself where it is of that type
    TensorId number(double value, DType dtype);  ///< a scalar constant
    /// A constant list of a few values.
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
void add_microsoft(ConverterTable& table);  ///< of domain com.microsoft

/// A ramp along `axis` that falls (or rises, for the `last`) to 1 where x is as large as its largest element, by
/// `extreme` reduce_max, or as small as its least; 0 elsewhere. It is largest at the first (last) such element and
/// nowhere as large again; integers count exactly whatever x is.
TensorId ramp_at_extremes(OnnxNode& node, TensorId x, Op extreme, std::int64_t axis, bool last);

/// How a node is converted; there is one where unsupported() has nothing to say.
Converter converter_of(const ::onnx::NodeProto& node);
/// Why an operator of the host's is refused where the host may not run it; of constants none is.
std::string needs_host(const std::string& type);
/// Why a node's operator cannot be converted, whatever its operands; "" where it can.
std::string unsupported(const ::onnx::NodeProto& node, std::int64_t opset);

}  // namespace infsim::graph::onnx_import
