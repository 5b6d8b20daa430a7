#include "compiler/lower/fuse_clips.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

namespace {

/// The upper limit of a layer that clips to [0, limit].
std::optional<float> limit_of(const Layer& layer) {
    const auto* op = std::get_if<ScalarOp>(&layer.op);
    if (!op || op->first.op != program::AluOp::max || op->second.op != program::AluOp::min) return std::nullopt;
    if (op->first.per_channel != graph::kNoTensor || op->second.per_channel != graph::kNoTensor) return std::nullopt;
    const float limit = op->second.immediate;
    if (op->first.immediate != 0 || !std::isfinite(limit) || limit < 0) return std::nullopt;
    return limit;
}

/// By value: the layer that writes all of it.
IdVector<ValueId, LayerId> writers_of(const Network& network) {
    IdVector<ValueId, LayerId> writers(network.values.size());
    for (const LayerId l : network.layers.ids()) {
        const Part& out = network.layers[l].output;
        if (out.slots == network.values[out.value].phys.slots()) writers[out.value] = l;
    }
    return writers;
}

bool takes_limit(const Layer& layer) {
    const auto* conv = std::get_if<ConvOp>(&layer.op);
    return conv && !conv->residual && !conv->limit && conv->function == program::ActFunction::identity;
}

}  // namespace

bool has_clips(const Network& network) {
    return std::any_of(network.layers.begin(), network.layers.end(),
                       [](const Layer& layer) { return limit_of(layer).has_value(); });
}

int fuse_clips(Network& network) {
    INFSIM_CHECK(network.stem_layers == 0, "clips are fused before the stem is chosen");
    const auto readers = readers_of(network);
    const IdVector<ValueId, LayerId> writers = writers_of(network);
    const auto leaves = [&](ValueId v) {
        return std::any_of(network.outputs.begin(), network.outputs.end(),
                           [&](const View& out) { return out.value == v; });
    };
    std::vector<bool> fused(network.layers.size(), false);
    for (const LayerId l : network.layers.ids()) {
        const Layer& clip = network.layers[l];
        const auto limit = limit_of(clip);
        if (!limit) continue;
        const Part& in = clip.inputs[0];
        const LayerId maker = writers[in.value];
        if (!maker.exists() || readers[in.value].size() != 1 || leaves(in.value) ||
            in.slots != network.values[in.value].phys.slots() || !takes_limit(network.layers[maker]))
            continue;
        std::get<ConvOp>(network.layers[maker].op).limit = limit;
        network.layers[maker].output = clip.output;
        fused[l.index()] = true;
    }
    std::vector<Layer> kept;
    for (const LayerId l : network.layers.ids())
        if (!fused[l.index()]) kept.push_back(std::move(network.layers[l]));
    const int count = static_cast<int>(network.layers.size() - kept.size());
    network.layers = IdVector<LayerId, Layer>(std::move(kept));
    return count;
}

}  // namespace infsim::compiler
