// State shared by the files that lower nodes to layers; private to the pass.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/problems.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/fuse.hpp"
#include "compiler/options.hpp"

namespace infsim::compiler {

/// Thrown inside the pass for one node; collected as a Problem of that node.
struct NotSupported {
    std::string what;
};

/// How a tensor lies on chip: the value it fills and its axes.
struct Layout {
    Physical phys;
    std::vector<std::vector<Factor>> axes;
    bool operator==(const Layout& o) const { return phys == o.phys && axes == o.axes; }
};
/// Axis `lane_axis` on partitions in slots of `width` (no axis: -1), the others in the plane, outermost first in the
/// order of `order` (which may name the lane axis; it is skipped).
Layout lanes_layout(const graph::Shape& shape, int lane_axis, const std::vector<int>& order, int width);
/// The layout of a tensor that nothing asks anything of: an image of one item as images are, otherwise the last of
/// up to three axes on partitions, or the second of four, or the longest.
Layout default_layout(const graph::Shape& shape, int width);

class Lowering {
public:
    Lowering(const graph::Graph& graph, DType dtype, int columns, const CompileOptions& options)
        : graph_(graph), dtype_(dtype), columns_(columns), options_(options), plan_(plan_fusion(graph)) {}
    Network run();

private:
    const graph::Graph& graph_;
    DType dtype_;
    int columns_;
    const CompileOptions& options_;
    FusionPlan plan_;
    Network net_;
    std::map<graph::TensorId, View> views_;        ///< tensors on chip
    std::map<graph::TensorId, Strided> strided_;   ///< tensors in device DRAM; one may be in both
    std::map<graph::TensorId, View> token_views_;  ///< tensors of views_ turned to have their last axis on partitions
    std::map<std::tuple<graph::TensorId, int, int>, View> spreads_;  ///< (tensor, slots, lanes of each)
    const graph::Node* node_ = nullptr;                              ///< being lowered
    std::vector<std::vector<int>> consumers_;

    // nodes (lower.cpp, lower_matrix.cpp, lower_elementwise.cpp)
    void lower_inputs();
    bool arrives_as_tokens(graph::TensorId id) const;
    bool leaves_as_tokens(const View& view) const;
    void lower_node(int index);
    bool try_fast(int index);
    void lower_fast(const graph::Node& node);
    void lower_unfused(const Fusion& fusion);
    void lower_weighted(const Fusion& fusion);
    void lower_conv(const graph::Node& node, const Fusion& fusion, const graph::Node& last);
    void lower_dense(const graph::Node& node, const Fusion& fusion, const graph::Node& last);
    void finish_weighted(const graph::Node& node, const Fusion& fusion, const graph::Node& last, ConvOp op,
                         const View& in, View out, Physical phys, std::string kind);
    void lower_pool(const graph::Node& node);
    void lower_head_matmul(const graph::Node& node);
    void lower_softmax(const graph::Node& node);
    void lower_layer_norm(const graph::Node& node);
    void lower_lrn(const graph::Node& node);
    void lower_gather(const graph::Node& node);
    void lower_unary(const graph::Node& node, UnaryOp op);
    void lower_binary(const graph::Node& node, program::AluOp op);
    void lower_scalar_constant(const graph::Node& node, program::AluOp op, bool constant_first);
    void lower_clip(const graph::Node& node);
    void lower_concat(const graph::Node& node);
    void lower_reshape(const graph::Node& node);

    // any node at all (lower_general*.cpp): slower, through device DRAM where layouts do not fit
    void lower_general(const graph::Node& node);
    bool general_elementwise(const graph::Node& node);
    bool general_reduction(const graph::Node& node);
    bool general_movement(const graph::Node& node);
    bool general_matrix(const graph::Node& node);
    void general_binary(const graph::Node& node, program::AluOp op);
    void general_where(const graph::Node& node);
    void general_prelu(const graph::Node& node);
    void general_activation(const graph::Node& node);
    void general_reduce(const graph::Node& node);
    void general_softmax(const graph::Node& node);
    void general_layer_norm(const graph::Node& node);
    void general_instance_norm(const graph::Node& node);
    void general_batch_norm(const graph::Node& node);
    void general_lp_norm(const graph::Node& node);
    void general_matmul(const graph::Node& node);
    void general_conv_transpose(const graph::Node& node);
    void general_pool(const graph::Node& node);
    void general_einsum(const graph::Node& node);
    void general_resize(const graph::Node& node);
    void general_reshape(const graph::Node& node);
    void general_transpose(const graph::Node& node);
    void general_slice(const graph::Node& node);
    void general_depth_space(const graph::Node& node);
    void general_concat(const graph::Node& node);
    void general_pad(const graph::Node& node);
    void general_gather(const graph::Node& node);
    void general_split(const graph::Node& node);

    // tensors in device DRAM
    DType chip_dtype(graph::TensorId id) const;
    DType dtype_of(const Strided& s) const;
    const graph::Shape& shape(graph::TensorId id) const { return graph_.tensor(id).shape; }
    Strided strided_of(graph::TensorId id);
    Strided stored(const View& view);
    Strided contiguous(const Strided& s);
    Strided reshaped(const Strided& s, const graph::Shape& shape);
    Strided sliced(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count, std::int64_t step);
    View fetched(std::vector<FetchBox> boxes, const Layout& layout, DType dtype,
                 std::optional<float> fill = std::nullopt);
    View fetched(const Strided& s, const Layout& layout, DType dtype);
    /// Binds the output of a node to a view of another shape with the same elements in the same order.
    void bind_reshaped(graph::TensorId id, const View& view);
    void bind(graph::TensorId id, const Strided& s) { strided_[id] = s; }

    // pieces of composed operators; `kind` names the layer
    Layout layout_of(const View& view) const { return {phys_of(view), view.axes}; }
    Layout layout_for(const graph::Node& node);
    View operand(graph::TensorId id, const graph::Shape& shape, const Layout& layout);
    View fresh(const Layout& layout, DType dtype);
    View act(const View& x, program::ActFunction function, float scale, float bias, DType dtype);
    View alu(const View& x, program::AluOp op0, float s0, program::AluOp op1, float s1, DType dtype);
    View combine(const View& a, const View& b, program::AluOp op, DType dtype, int inner = 1);
    View reduce(const View& x, program::AluOp op, const std::vector<bool>& mask, float scale, DType dtype);
    /// The tensor with the axes of `mask` innermost in the plane.
    View for_reduction(graph::TensorId id, const std::vector<bool>& mask);
    View image_of(graph::TensorId id);
    View product(const Strided& a, const Strided& b, bool rows_on_lanes);
    Strided zero_inserted(const graph::Node& node, std::int64_t& rows, std::int64_t& cols);
    View gathered(const Strided& s, const std::vector<std::vector<std::int64_t>>& indices, std::optional<float> fill);
    Strided resized_axis(const Strided& s, std::size_t axis, const graph::Node& node);

    // helpers
    View view_of(graph::TensorId id);
    const Value& value(const View& view) const { return net_.values.at(static_cast<std::size_t>(view.value)); }
    Physical phys_of(const View& view) const;
    ValueId new_value(const std::string& name, Physical phys, DType dtype);
    static Part part_of(const View& view) { return {view.value, view.first_slot, view.slots}; }
    /// A view of all slots of a fresh value.
    View whole(ValueId value, std::vector<std::vector<Factor>> axes) const;
    Layer& add_layer(const graph::Node& node, std::string kind, LayerOp op, const std::vector<View>& inputs,
                     const View& output);
    /// The tensor with its last-but-one and last axes exchanged on chip: lanes <-> columns.
    View transposed_lanes(const graph::Node& node, const View& view, int heads);
    /// view_of, with the last axis on partitions where turning the tensor on chip brings it there.
    View tokens_of(const graph::Node& node, graph::TensorId id);
    /// The row that `id` is (of extent 1 but for its last axis) on every partition, as an operand beside `like`, whose
    /// columns are the last axis; nothing where either is not so.
    std::optional<View> spread_beside(const graph::Node& node, graph::TensorId id, const View& like);
    /// The product of activations that wrote `view`, while only `node` reads it and it is not an output.
    Layer* sole_product(graph::TensorId id, const View& view);
    bool fold_into_product(const graph::Node& node, program::AluOp op, graph::TensorId id, double number);
    bool lower_spread(const graph::Node& node, program::AluOp op);
    int preferred_width(graph::TensorId id, std::int64_t channels) const;
    bool consumed_along_columns(graph::TensorId id) const;
    std::optional<double> scalar_constant(graph::TensorId id) const;
    bool is_constant(graph::TensorId id) const {
        return id != graph::kNoTensor && graph_.tensor(id).kind == graph::TensorKind::constant;
    }
};

/// Axis `axis` of a shape of `rank`, counted from the front.
std::size_t axis_index(std::int64_t axis, std::size_t rank);
/// ceil of a / b for positive b.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace infsim::compiler
