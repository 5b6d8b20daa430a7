// What the lowering rules share: the graph, the network under construction, and where tensors lie.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/ir/network.hpp"
#include "compiler/lower/layouts.hpp"
#include "compiler/lower/source_graph.hpp"
#include "compiler/options.hpp"

namespace infsim::compiler {

/// Where the tensors of the graph lie. A tensor may be both on chip and in device DRAM.
struct Locations {
    std::map<graph::TensorId, View> views;       ///< on chip
    std::map<graph::TensorId, Strided> strided;  ///< in device DRAM
    std::map<graph::TensorId, View> tokens;      ///< tensors of `views` transposed, with their last axis on partitions
    /// (tensor, slots, lanes of each, what was made of it)
    std::map<std::tuple<graph::TensorId, int, int, std::string>, View> spreads;

    bool knows(graph::TensorId id) const { return views.count(id) + strided.count(id) > 0; }
};

/// A lowering in progress. Rules are free functions that take it; they append layers and values, and never remove any.
/// Whether a rule applies is checked before it starts. Only limits that show up on the way (a tensor too long for a
/// partition) are noted here, the first one first; the driver of the rules checks after each node.
struct Lowering {
    Lowering(const graph::Graph& graph, DType dtype, const SlotGeometry& slots, const CompileOptions& chosen)
        : source(graph, dtype, slots.width, chosen.masked_rows), options(chosen) {
        net.slots = slots;
    }

    SourceGraph source;
    const CompileOptions& options;
    Network net;
    Locations at;
    const graph::Node* node = nullptr;   ///< being lowered: layers that fetch and store for it carry its name
    std::optional<std::string> refusal;  ///< why the node cannot be lowered

    void refuse(std::string why) {
        if (!refusal) refusal = std::move(why);
    }

    const Value& value(const View& view) const { return net.values.at(view.value); }
    /// Only the slots of the view.
    Physical phys_of(const View& view) const;
    Layout layout_of(const View& view) const { return {phys_of(view), view.axes}; }
    ValueId new_value(const std::string& name, Physical phys, DType dtype);
    /// The layout of a tensor of this shape without other requirements.
    Layout free_layout(const graph::Shape& shape) const;
    /// A view of all slots of a value.
    View whole(ValueId value, Axes axes) const;
    /// A fresh value for the first output of `last`, which lies there from now on.
    View new_output(const graph::Node& last, const Layout& layout, DType dtype);
    /// The layer is named after node `of`.
    Layer& add_layer(const graph::Node& of, std::string kind, LayerOp op, const std::vector<View>& inputs,
                     const View& output);
};

/// The part of a value that a layer accesses through a view.
inline Part part_of(const View& view) { return {view.value, view.first_slot, view.slots}; }

}  // namespace infsim::compiler
