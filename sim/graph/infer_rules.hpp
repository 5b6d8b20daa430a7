// Private to inference: the rules of the operators by family, and their helpers.
#pragma once

#include <string>
#include <vector>

#include "graph/infer.hpp"

namespace infsim::graph::rules {

/// One node being inferred.
class Context {
public:
    Context(const Node& node, const std::vector<const Facts*>& inputs, std::int64_t batch, std::optional<int> axis)
        : node(node), inputs(inputs), batch(batch), axis(axis) {}

    const Facts& in(std::size_t i) const { return *inputs.at(i); }
    bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
    bool any_batched() const;
    /// Notes (once) that the node mixes the items of a batch.
    void mix(const std::string& why) {
        if (mixing.empty()) mixing = why;
    }
    /// Operand `i` must be the same for all items (weights, scales); if not, the node mixes.
    void require_shared(std::size_t i, const std::string& what);
    /// The batch of operand 0 must be on axis 0 and nothing else may be batched.
    void require_leading_batch();

    const Node& node;
    const std::vector<const Facts*>& inputs;
    std::int64_t batch;
    std::optional<int> axis;  ///< batch axis of a reshape's output, if known
    std::string mixing;
};

using Outputs = std::vector<Facts>;

/// Throws ShapeError(message) unless `condition`.
void require(bool condition, const std::string& message);
/// Throws ShapeError for a negative extent, one beyond 2^31, or more than 2^40 elements.
void require_sane(const Shape& shape);
/// "[1, 3, 224, 224]"
std::string to_text(const Shape& shape);
/// Numpy broadcasting of two shapes.
Shape broadcast_shapes(const Shape& a, const Shape& b);
/// Output with this shape and operand 0's element type whose batch is at `place`.
Facts output(const Context& c, Shape shape, std::optional<BatchPlace> place);
/// The batch's place in the output of an operator whose operands are aligned at their last axes.
std::optional<BatchPlace> aligned_place(Context& c, const std::vector<std::size_t>& operands, const Shape& shape);

Outputs elementwise(Context& c);  ///< unary, broadcasting binary, comparisons, where, cast
Outputs conv(Context& c);
Outputs conv_transpose(Context& c);
Outputs pool(Context& c);
Outputs global_pool(Context& c);
Outputs resize(Context& c);
Outputs depth_space(Context& c);
Outputs per_channel_norm(Context& c);  ///< batch_norm, instance_norm, lrn
Outputs gemm(Context& c);
Outputs matmul(Context& c);
Outputs einsum(Context& c);
Outputs axis_norm(Context& c);  ///< softmax, log_softmax, lp_norm, layer_norm
Outputs reduce(Context& c);
Outputs reshape(Context& c);  ///< reshape, flatten, squeeze, unsqueeze
Outputs transpose(Context& c);
Outputs concat(Context& c);
Outputs slice(Context& c);
Outputs split(Context& c);
Outputs pad(Context& c);
Outputs gather(Context& c);
Outputs expand(Context& c);
Outputs tile(Context& c);

}  // namespace infsim::graph::rules
