#include "compiler/lower/replicate.hpp"

#include <utility>

namespace infsim::compiler {

namespace {

/// Whether copies of the layer's input, one per filter row, fit the partitions of a slot.
bool takes_copies(const Network& net, const Layer& layer) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    if (!conv) return false;
    const Value& in = net.values[layer.inputs[0].value];
    return in.input != graph::kNoTensor && conv->groups == 1 && conv->kernel_rows > 1 && in.phys.rows > 1 &&
           in.phys.channels() * conv->kernel_rows <= net.slots.width && layer.inputs[0].slots == in.phys.slots();
}

}  // namespace

void replicate_inputs(Network& net) {
    IdVector<LayerId, Layer> layers;
    for (Layer& layer : net.layers) {
        if (takes_copies(net, layer)) {
            ConvOp* conv = std::get_if<ConvOp>(&layer.op);
            const Value& in = net.values[layer.inputs[0].value];
            Layer copy;
            copy.name = layer.name + "/replicate";
            copy.kind = "replicate";
            copy.op = ReplicateOp{conv->kernel_rows, conv->stride_rows, conv->dilation_rows, conv->pad_top};
            copy.inputs = {layer.inputs[0]};
            const Physical& out = net.values[layer.output.value].phys;
            Value value{in.name + "/copies",
                        {{in.phys.channels() * conv->kernel_rows}, out.rows, in.phys.cols},
                        in.dtype,
                        graph::kNoTensor};
            copy.output = {net.values.push_back(std::move(value)), 0, 1};
            conv->weight.replicas = conv->kernel_rows;
            conv->weight.replica_step = conv->weight.sr;
            conv->kernel_rows = conv->stride_rows = conv->dilation_rows = 1;
            conv->pad_top = 0;
            layer.inputs[0] = copy.output;
            layers.push_back(std::move(copy));
        }
        layers.push_back(std::move(layer));
    }
    net.layers = std::move(layers);
}

}  // namespace infsim::compiler
