#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

IdVector<ValueId, std::vector<LayerId>> readers_of(const Network& network) {
    IdVector<ValueId, std::vector<LayerId>> readers(network.values.size());
    for (const LayerId layer : network.layers.ids())
        for (const Part& in : network.layers[layer].inputs) {
            std::vector<LayerId>& list = readers[in.value];
            if (list.empty() || list.back() != layer) list.push_back(layer);
        }
    return readers;
}

}  // namespace infsim::compiler
