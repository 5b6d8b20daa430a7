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

void replicate_inputs(Network& net, std::int64_t whole_from) {
    IdVector<LayerId, Layer> layers;
    for (Layer& layer : net.layers) {
        if (takes_copies(net, layer)) {
            ConvOp* conv = std::get_if<ConvOp>(&layer.op);
            const Value& in = net.values[layer.inputs[0].value];
            const bool whole = std::int64_t{in.phys.cols} * dtype_bytes(in.dtype) * conv->stride_rows < whole_from;
            // The step that a copy makes; the convolution makes the rest.
            const int step = whole ? 1 : conv->stride_rows;
            const Physical& out = net.values[layer.output.value].phys;
            const int rows = whole ? (out.rows - 1) * conv->stride_rows + 1 : out.rows;
            Layer copy;
            copy.name = layer.name + "/replicate";
            copy.kind = "replicate";
            copy.op = ReplicateOp{conv->kernel_rows, step, conv->dilation_rows, conv->pad_top};
            copy.inputs = {layer.inputs[0]};
            Value value{in.name + "/copies",
                        {{in.phys.channels() * conv->kernel_rows}, rows, in.phys.cols},
                        in.dtype,
                        graph::kNoTensor};
            copy.output = {net.values.push_back(std::move(value)), 0, 1};
            conv->weight.replicas = conv->kernel_rows;
            conv->weight.replica_step = conv->weight.sr;
            conv->kernel_rows = conv->dilation_rows = 1;
            conv->stride_rows /= step;
            conv->pad_top = 0;
            layer.inputs[0] = copy.output;
            layers.push_back(std::move(copy));
        }
        layers.push_back(std::move(layer));
    }
    net.layers = std::move(layers);
}

}  // namespace infsim::compiler
