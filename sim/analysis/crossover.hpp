// At which batch each layer stops being bound by DRAM.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infsim::analysis {

/// Which resource bounds one layer at one batch size ("dram", "pe", "act", "pool").
struct LayerBound {
    std::string layer;
    std::string bound;
};

/// The bounds of all layers, per batch size.
using BoundsByBatch = std::map<std::int64_t, std::vector<LayerBound>>;

/// When one layer leaves DRAM.
struct Crossover {
    std::string layer;
    std::optional<std::int64_t>
        free_from;  ///< smallest batch from which on it is never bound by DRAM again; empty: never
};

/// One entry per layer of the smallest batch, in its order. Layers that some batch does not know keep what
/// the batches that know them say.
std::vector<Crossover> crossovers(const BoundsByBatch& bounds);

/// In words, a few lines: how many layers DRAM bounds at the first and the last batch, which layers are freed
/// at which batch, which never are. Empty without batches.
std::string crossover_sentences(const BoundsByBatch& bounds);

}  // namespace infsim::analysis
