// Which layers' per-channel constants arrive together: a short row costs a DMA engine as much as one of several
// kilobytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/emit/input.hpp"
#include "compiler/ir/plan.hpp"

namespace infsim::compiler {

/// The fp32 tensors with constants of a layer, each with one element per channel of its output.
struct ChannelTensors {
    std::vector<graph::TensorId> tensors;
    /// Every slot starts at partition 0, like the columns of the PE array in PSUM; otherwise at the slot's first
    /// partition.
    bool of_columns = false;
};
/// Empty if the layer has none.
std::optional<ChannelTensors> channel_tensors(const Layer& layer);

/// How constants lie in the state buffer: `count` of them per channel, 4 bytes each, slots side by side.
struct ChannelLayout {
    int count = 0, columns = 0, partitions = 0;
    /// Bytes per partition.
    std::int64_t row() const { return std::int64_t{columns} * count * 4; }
};
ChannelLayout channel_layout(const SlotGeometry& slots, const Part& part, const ChannelTensors& of);

/// One load with the constants of several layers.
struct ConstantRow {
    std::vector<LayerId> layers;
    int partitions = 0;
    std::int64_t bytes = 0;  ///< per partition
};
/// All rows, and the position of each layer's constants in them.
struct ConstantRows {
    std::vector<ConstantRow> rows;
    struct Place {
        std::size_t row = 0;
        std::int64_t offset = 0;  ///< bytes within the partition
        int count = 0;            ///< constants per channel
    };
    IdVector<LayerId, std::optional<Place>> place;
};
/// Layers share a row of at most `plan.constants_bytes` per partition, in their order and within a section.
ConstantRows constant_rows(const Network& network, const Plan& plan);

}  // namespace infsim::compiler
