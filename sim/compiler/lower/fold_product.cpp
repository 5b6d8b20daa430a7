#include "compiler/lower/fold_product.hpp"

#include <algorithm>

namespace infsim::compiler {

using graph::TensorId;
using program::AluOp;

namespace {

/// The product of activations that wrote the tensor, if one node is its only reader and the host does not read it.
LayerId sole_product(const Lowering& low, TensorId id, const View& view) {
    if (low.source.consumers(id).size() != 1 || view.slots != low.value(view).phys.slots() || low.source.is_output(id))
        return kNoLayer;
    const auto& layers = low.net.layers;
    for (LayerId l = layers.next_id().next(-1); l.exists(); l = l.next(-1)) {
        for (const Part& in : layers[l].inputs)
            if (in.value == view.value) return kNoLayer;  // stored in between
        if (layers[l].output.value != view.value) continue;
        const auto* product = std::get_if<HeadMatmulOp>(&layers[l].op);
        return product != nullptr && !product->added ? l : kNoLayer;
    }
    return kNoLayer;
}

}  // namespace

bool fold_factor(Lowering& low, const graph::Node& node, AluOp op, TensorId id, double number) {
    if (low.source.shape(id) != low.source.shape(node.outputs[0])) return false;
    const View view = low.at.views.at(id);
    const LayerId layer = sole_product(low, id, view);
    if (!layer.exists()) return false;
    auto& product = std::get<HeadMatmulOp>(low.net.layers[layer].op);
    product.scale = static_cast<float>(op == AluOp::multiply ? product.scale * number : product.scale / number);
    low.at.views[node.outputs[0]] = view;
    return true;
}

bool fold_row(Lowering& low, const graph::Node& node, TensorId id, const View& row) {
    const View view = low.at.views.at(id);
    const LayerId layer = sole_product(low, id, view);
    if (!layer.exists()) return false;
    Layer& product = low.net.layers[layer];
    std::get<HeadMatmulOp>(product.op).added = part_of(row);
    product.inputs.push_back(part_of(row));
    const auto at = low.net.layers.begin() + layer.value();
    std::rotate(at, at + 1, low.net.layers.end());
    low.at.views[node.outputs[0]] = view;
    return true;
}

}  // namespace infsim::compiler
