#include "compiler/lower/stem.hpp"

#include <algorithm>

#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

int stem_length(const Network& net) {
    const auto readers = readers_of(net);
    int n = 0, first_conv = 0;
    ValueId chain = kNoValue;
    for (const Layer& layer : net.layers) {
        const bool pool = std::holds_alternative<PoolOp>(layer.op);
        const auto* conv = std::get_if<ConvOp>(&layer.op);
        const bool copies = std::holds_alternative<ReplicateOp>(layer.op);
        if ((!pool && !conv && !copies) || (conv && conv->residual)) break;
        const ValueId in = layer.inputs[0].value;
        const Value& input = net.values[in];
        if (n == 0 ? input.input == graph::kNoTensor || input.phys.rows == 1 : in != chain) break;
        // What streams is never there as a whole, so it cannot be sent to the host.
        if (std::any_of(net.outputs.begin(), net.outputs.end(), [&](const View& v) { return v.value == in; })) break;
        if (readers[in].size() != 1) break;
        // Several layers write a concatenation; streaming one of them would break it up.
        if (layer.output.slots != net.values[layer.output.value].phys.slots()) break;
        if (layer.inputs[0].slots != input.phys.slots()) break;
        chain = layer.output.value;
        ++n;
        if (pool) return n;
        if (conv && first_conv == 0) first_conv = n;
    }
    return first_conv;
}

}  // namespace infsim::compiler
