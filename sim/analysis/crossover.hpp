// At which batch each layer stops being bound by DRAM.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infsim::analysis {

/// The resource that bounds one layer at one batch size ("dram", "pe", "act", "pool").
struct LayerBound {
    std::string layer;
    std::string bound;
};

/// The bounds of all layers, per batch size.
using BoundsByBatch = std::map<std::int64_t, std::vector<LayerBound>>;

/// The batch at which one layer stops being bound by DRAM.
struct Crossover {
    std::string layer;
    std::optional<std::int64_t>
        free_from;  ///< smallest batch from which on it is never bound by DRAM again; empty: never
};

/// One entry per layer of the smallest batch, in its order. For layers that some batches lack, the other batches
/// decide.
std::vector<Crossover> crossovers(const BoundsByBatch& bounds);

/// A few lines of text: how many layers DRAM bounds at the first and the last batch, which layers are freed at which
/// batch, and which never are. Empty without batches.
std::string crossover_sentences(const BoundsByBatch& bounds);

}  // namespace infsim::analysis
