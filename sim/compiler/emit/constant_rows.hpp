// Which layers' per-channel constants arrive together: a short row costs a DMA engine as much as one of some kilobytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/emit/input.hpp"
#include "compiler/ir/plan.hpp"

namespace infsim::compiler {

/// The fp32 constants of a layer, one of each tensor per channel of its output.
struct ChannelTensors {
    std::vector<graph::TensorId> tensors;
    /// Every slot's start at partition 0, as the columns of the PE array do in PSUM; otherwise at the slot's first one.
    bool of_columns = false;
};
/// Nothing where the layer has none.
std::optional<ChannelTensors> channel_tensors(const Layer& layer);

/// Where constants lie in the state buffer: `count` of them, 4 bytes each, for every slot side by side.
struct ChannelLayout {
    int count = 0, columns = 0, partitions = 0;
    /// Bytes per partition.
    std::int64_t row() const { return std::int64_t{columns} * count * 4; }
};
ChannelLayout channel_layout(const SlotGeometry& slots, const Part& part, const ChannelTensors& of);

/// One load of the constants of some layers.
struct ConstantRow {
    std::vector<LayerId> layers;
    int partitions = 0;
    std::int64_t bytes = 0;  ///< per partition
};
/// All rows, and where in them the layers' constants are.
struct ConstantRows {
    std::vector<ConstantRow> rows;
    struct Place {
        std::size_t row = 0;
        std::int64_t offset = 0;  ///< bytes within the partition
        int count = 0;            ///< constants of a channel
    };
    IdVector<LayerId, std::optional<Place>> place;
};
/// Layers share a row that takes at most `plan.constants_bytes` per partition, in their order and within a section.
ConstantRows constant_rows(const Network& network, const Plan& plan);

}  // namespace infsim::compiler
