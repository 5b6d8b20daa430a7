// What layers need besides activations and weights: per-channel constants, bands and tables, ones.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "compiler/emit/storage.hpp"

namespace infsim::compiler {

/// Ones where an LRN window of output slot `out` covers channels of slot `from`; offset within the partition, in bytes.
struct LrnBand {
    int out = 0, from = 0;
    std::int64_t offset = 0;
};

/// All pairs of slots of `lanes` channels that a window of `size` channels connects; each takes `columns` elements.
std::vector<LrnBand> lrn_bands(const std::vector<int>& lanes, int size, int columns, int element);

class Constants {
public:
    Constants(const EmitInput& input, const ValueStorage& storage, CodeBuilder& builder);

    /// fp32 constants, one of each tensor per channel of `part`: those of a slot side by side. With `of_columns` every
    /// slot's start at partition 0, otherwise at the first one of the slot.
    BufferId channels(const Where& at, const Part& part, const std::vector<graph::TensorId>& tensors, bool of_columns);
    /// The bands of a layer of local response normalisation.
    BufferId bands(const Where& at, const std::vector<LrnBand>& bands);
    /// The segment of the table that a layer gathers from.
    std::uint32_t table(LayerId layer);
    /// A row of ones in every partition, as many as the PE array can take.
    BufferId ones(const Where& at);

    /// `number` as fp32, one in every partition of a slot.
    BufferId filled(const Where& at, float number);

    /// From now on the constants of layers [first, last) are read again.
    void forget(LayerId first, LayerId last);

private:
    const EmitInput& input_;
    const ValueStorage& storage_;
    CodeBuilder& builder_;
    IdVector<LayerId, BufferId> buffer_;  ///< none while they are not loaded
    std::map<LayerId, std::uint32_t> segment_;
    BufferId ones_ = kNoBuffer;
    std::map<float, BufferId> filled_;

    program::Segment channel_segment(const Layer& layer, const Part& part, const std::vector<graph::TensorId>& tensors,
                                     bool of_columns) const;
    program::Segment band_segment(const Layer& layer, const std::vector<LrnBand>& bands) const;
    program::Segment table_segment(const Layer& layer) const;
    /// `row` bytes of every one of `partitions` partitions from the layer's segment.
    BufferId load(const Where& at, const char* suffix, DType dtype, std::int64_t row, int partitions, Half half);
};

}  // namespace infsim::compiler
