// Builds a Graph node by node, in topological order, inferring and folding as it goes: code that adds a node
// can look at the shapes and small constants of earlier nodes. Both importers use it.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/infer.hpp"

namespace infsim::graph {

/// Constants of at most this many elements take part in folding.
constexpr std::int64_t kFoldLimit = 16384;
/// The limit with evaluate_all: half a GiB of values per tensor.
constexpr std::int64_t kEvaluationLimit = std::int64_t{1} << 26;

class GraphBuilder {
public:
    using Attributes = std::map<std::string, Attribute, std::less<>>;

    /// `batch`: the extent of the batch in the shapes given. `track` off: the graph is a whole, and the batch is not
    /// followed.
    GraphBuilder(std::string name, std::int64_t batch, bool track);

    // These three check their shape: ShapeError if it is negative or absurdly large.

    /// A graph input of this shape; its batch is on `batch_axis`, -1: it is the same for all items. A graph has the
    /// batch in front: if the model has it elsewhere, the result is the output of a transpose after the input.
    TensorId input(const std::string& name, const Shape& shape, DType dtype, int batch_axis = 0);
    TensorId input(const std::string& name, const Shape& shape, DType dtype, bool batched) = delete;  ///< no axis 1
    TensorId constant(const std::string& name, const Shape& shape, DType dtype, Constant value);
    /// A constant with few values; `values` row-major.
    TensorId small(const std::string& name, const Shape& shape, DType dtype, std::vector<double> values);

    /// Adds a node with one output and returns the output. If the inputs are small constants, the output is a
    /// constant and no node is added; a reshape or transpose of a large one becomes a recipe. Throws
    /// ShapeError.
    TensorId node(Op op, const std::string& name, const std::vector<TensorId>& inputs, Attributes attributes,
                  const std::string& output);
    /// The same for a node with several outputs, which is never folded.
    std::vector<TensorId> nodes(Op op, const std::string& name, const std::vector<TensorId>& inputs,
                                Attributes attributes, const std::vector<std::string>& outputs);

    /// Shapes of tensors, by name, for a batch of `extent`: they show which axis of a reshaped tensor is the
    /// batch.
    void expect(std::map<std::string, Shape> shapes, std::int64_t extent) {
        expected_ = std::move(shapes);
        expected_extent_ = extent;
    }
    /// From now on evaluate.hpp computes every node whose operands are constants, whatever their size. A node that is
    /// added nevertheless has no value.
    void evaluate_all() { evaluating_ = true; }
    bool evaluating() const { return evaluating_; }
    const Facts& facts(TensorId id) const { return facts_.at(static_cast<std::size_t>(id)); }
    const Shape& shape(TensorId id) const { return facts(id).shape; }
    bool is_constant(TensorId id) const { return graph_.tensor(id).kind == TensorKind::constant; }
    /// The values of a small constant (kFoldLimit), row-major.
    std::optional<std::vector<double>> values(TensorId id) const;
    const Graph& graph() const { return graph_; }
    /// `base`, with a suffix if a tensor already has that name.
    std::string fresh_tensor_name(const std::string& base);

    /// The graph with these outputs, given by tensor and the name they must have; an output that is an input,
    /// a constant or another output too gets an identity. Shapes become those of one item.
    Graph finish(const std::vector<std::pair<TensorId, std::string>>& outputs);

private:
    TensorId with_batch_in_front(TensorId id, const std::string& name);
    TensorId add_tensor(const std::string& name, Facts facts, TensorKind kind, std::optional<Constant> constant);
    std::optional<TensorId> fold(const Node& node, const Facts& result, const std::string& output);
    std::vector<TensorId> evaluated_parts(const Node& node, const std::vector<Facts>& results,
                                          const std::vector<std::string>& outputs);
    std::int64_t fold_limit() const { return evaluating_ ? kEvaluationLimit : kFoldLimit; }
    std::string fresh_node_name(Op op, const std::string& name);
    std::optional<int> expected_axis(const std::string& output, const Shape& shape) const;
    void note_mixing(const Node& node, const std::string& why);
    void shrink_to_item();

    Graph graph_;
    std::deque<Facts> facts_;  // a deque: converters hold references while they add nodes
    std::set<std::string> tensor_names_, node_names_;
    std::map<std::string, int> next_tensor_, next_node_;  ///< suffixes of names that are taken
    std::map<std::string, Shape> expected_;
    std::int64_t expected_extent_ = 1;
    std::int64_t batch_;
    bool track_;
    bool evaluating_ = false;
};

}  // namespace infsim::graph
