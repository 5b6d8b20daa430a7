#include "compiler/lower/drop_unread.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace infsim::compiler {

void drop_unread(Network& network) {
    INFSIM_CHECK(network.stem_layers == 0, "layers are dropped before the stem is chosen");
    IdVector<ValueId, bool> read(network.values.size());
    for (const View& output : network.outputs) read[output.value] = true;
    // Readers of a value come after its writer: from the last layer to the first, all readers are known.
    std::vector<Layer> kept;
    while (!network.layers.empty()) {
        Layer layer = std::move(network.layers.back());
        network.layers.pop_back();
        if (!read[layer.output.value]) continue;
        for (const Part& in : layer.inputs) read[in.value] = true;
        kept.push_back(std::move(layer));
    }
    std::reverse(kept.begin(), kept.end());
    network.layers = IdVector<LayerId, Layer>(std::move(kept));
}

}  // namespace infsim::compiler
