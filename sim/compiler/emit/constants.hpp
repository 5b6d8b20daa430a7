// What layers need besides activations and weights: per-channel constants, bands and tables, ones.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/emit/constant_rows.hpp"
#include "compiler/emit/storage.hpp"

namespace infsim::compiler {

/// Ones where an LRN window of output slot `out` covers channels of slot `from`; offset in bytes within the partition.
struct LrnBand {
    int out = 0, from = 0;
    std::int64_t offset = 0;
};

/// All pairs of slots of `lanes` channels that a window of `size` channels connects; each takes `columns` elements.
std::vector<LrnBand> lrn_bands(const std::vector<int>& lanes, int size, int columns, int element);

/// Where a layer's per-channel constants are.
struct ChannelConstants {
    BufferId buffer = kNoBuffer;
    std::int64_t offset = 0;  ///< in the buffer, bytes per partition
    int count = 0;            ///< per channel, side by side
};

class Constants {
public:
    Constants(const EmitInput& input, const Plan& plan, const ValueStorage& storage, CodeBuilder& builder);

    /// The layer's channel_tensors(), laid out by channel_layout(). Loads the whole row of constants if it is not
    /// there. No buffer if the layer has none.
    ChannelConstants channels(const Where& at);
    /// The bands for a layer of local response normalisation.
    BufferId bands(const Where& at, const std::vector<LrnBand>& bands);
    /// The segment of the table that a layer gathers from.
    std::uint32_t table(LayerId layer);
    /// A row of ones in every partition, as long as the PE array can take.
    BufferId ones(const Where& at);

    /// `elements` zeros in every partition of a slot: the source of a DMA where POOL would come too late.
    BufferId zeros(const Where& at, std::int64_t elements);

    /// `number` as fp32, once in every partition of a slot.
    BufferId filled(const Where& at, float number);

    /// From now on, the constants of layers [first, last) are read again and zeros are made again.
    void forget(LayerId first, LayerId last);

private:
    const EmitInput& input_;
    const ValueStorage& storage_;
    CodeBuilder& builder_;
    ConstantRows rows_;
    std::vector<BufferId> row_buffer_;  ///< no buffer while the row is not loaded
    std::map<std::size_t, std::uint32_t> row_segment_;
    IdVector<LayerId, BufferId> band_;          ///< no buffer while they are not loaded
    std::map<LayerId, std::uint32_t> segment_;  ///< of bands and tables
    BufferId ones_ = kNoBuffer;
    std::map<float, BufferId> filled_;
    std::map<std::int64_t, BufferId> zeros_;  ///< by elements

    program::Segment row_segment(const ConstantRow& row) const;
    void add_channels(const Layer& layer, std::int64_t offset, std::int64_t row, program::Segment& segment) const;
    program::Segment band_segment(const Layer& layer, const std::vector<LrnBand>& bands) const;
    program::Segment table_segment(const Layer& layer) const;
    /// Writes `number` with POOL, `elements` times in each of the first `partitions` partitions.
    BufferId repeated(const Where& at, const char* name, int partitions, DType dtype, std::int64_t elements,
                      float number);
    /// Loads `row` bytes into each of `partitions` partitions from a segment.
    BufferId load(const Where& at, const char* suffix, std::uint32_t segment, DType dtype, std::int64_t row,
                  int partitions, Half half);
};

}  // namespace infsim::compiler
