// State shared by the files that lower nodes to layers; private to the pass.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/problems.hpp"
#include "compiler/network.hpp"
#include "compiler/options.hpp"
#include "compiler/passes/fuse.hpp"
#include "compiler/views.hpp"

namespace infsim::compiler {

/// Thrown inside the pass for one node; collected as a Problem of that node.
struct NotSupported { std::string what; };

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
    std::map<graph::TensorId, View> views_;
    std::vector<std::vector<int>> consumers_;

    // nodes (lower.cpp, lower_matrix.cpp, lower_elementwise.cpp)
    void lower_inputs();
    void lower_node(int index);
    void lower_weighted(const Fusion& fusion);
    void lower_conv(const graph::Node& node, const Fusion& fusion, const graph::Node& last);
    void lower_dense(const graph::Node& node, const Fusion& fusion, const graph::Node& last);
    void finish_weighted(const graph::Node& node, const Fusion& fusion, const graph::Node& last, ConvOp op, const View& in,
                         View out, Physical phys, std::string kind);
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

    // helpers
    View view_of(graph::TensorId id) const;
    const Value& value(const View& view) const { return net_.values.at(static_cast<std::size_t>(view.value)); }
    Physical phys_of(const View& view) const;
    ValueId new_value(const std::string& name, Physical phys, DType dtype);
    static Part part_of(const View& view) { return {view.value, view.first_slot, view.slots}; }
    /// A view of all slots of a fresh value.
    View whole(ValueId value, std::vector<std::vector<Factor>> axes) const;
    Layer& add_layer(const graph::Node& node, std::string kind, LayerOp op, const std::vector<View>& inputs, const View& output);
    /// The tensor with its last-but-one and last axes exchanged on chip: lanes <-> columns.
    View transposed_lanes(const graph::Node& node, const View& view, int heads);
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
