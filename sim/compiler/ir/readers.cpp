#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

std::vector<std::vector<int>> readers_of(const Network& network) {
    std::vector<std::vector<int>> readers(network.values.size());
    for (std::size_t l = 0; l < network.layers.size(); ++l)
        for (const Part& in : network.layers[l].inputs) {
            auto& list = readers[static_cast<std::size_t>(in.value)];
            if (list.empty() || list.back() != static_cast<int>(l)) list.push_back(static_cast<int>(l));
        }
    return readers;
}

}  // namespace infsim::compiler
