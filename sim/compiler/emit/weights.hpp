// Weights of convolutions and dense layers: their segments in device DRAM, and slabs that are loaded on demand.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/emit/slab_layout.hpp"
#include "compiler/emit/storage.hpp"

namespace infsim::compiler {

class Weights {
public:
    Weights(const EmitInput& input, const Plan& plan, const ValueStorage& storage, CodeBuilder& builder);

    /// The layout of a layer's weights; creates their segments at the first call.
    const SlabLayout& layout(LayerId layer);
    /// The buffer of a slab, for use by `at`; loads it unless it is there.
    BufferId slab(std::size_t index, const Where& at);
    /// The slab is read again at its next use, unless it is static.
    void let_go(std::size_t index, LayerId layer) {
        if (!plan_.keeps_weights(layer.index())) of(layer).buffer[index] = kNoBuffer;
    }
    /// From now on, the slabs of layers [first, last) are read again, except static ones.
    void forget(LayerId first, LayerId last);

private:
    struct OfLayer {
        SlabLayout layout;
        std::vector<BufferId> buffer;         ///< by slab; no buffer while it is not loaded
        std::vector<std::uint32_t> segments;  ///< by region
        bool dual = false;                    ///< needed in both halves of the partitions
    };
    const EmitInput& input_;
    const Plan& plan_;
    const ValueStorage& storage_;
    CodeBuilder& builder_;
    IdVector<LayerId, std::optional<OfLayer>> layers_;

    OfLayer& of(LayerId layer);
    SlabShape shape(const Layer& layer) const;
    int regions() const;
    std::vector<program::Segment> empty_segments(const Layer& layer, const SlabLayout& layout) const;
    void add_segments(const Layer& layer, OfLayer& weights);
    program::AccessPattern rows_of(const SlabClass& here, int first, int count) const;
    program::DmaLoad load_of(const OfLayer& weights, const SlabClass& here, const SlabPiece& piece,
                             int partition) const;
    void load_class(const OfLayer& weights, const Slab& slab, std::size_t k_class, BufferId into, int engine,
                    const Where& at);
    void load_static(const OfLayer& weights, const Slab& slab, BufferId into);
};

/// The part of the weight tensor for `block`, cut at the pieces of its class: `recipe` gets the boxes by region.
void add_recipe(const Layer& layer, const Network& network, const Slab& slab, const SlabBlock& block,
                std::vector<program::Segment>& segments);

}  // namespace infsim::compiler
