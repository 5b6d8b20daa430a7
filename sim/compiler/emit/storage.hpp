// Where the images of values are: their buffers, and the operands with which instructions read and write them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/emit/access.hpp"
#include "compiler/emit/builder.hpp"
#include "compiler/emit/value_facts.hpp"

namespace infsim::compiler {

/// The place of one image of a value, or of a stretch of its rows.
struct Place {
    BufferId buffer = kNoBuffer;
    int row0 = 0, rows = 0;  ///< of the image, in the buffer
    int index = 0;           ///< of the image among those in the buffer
    int images = 1;          ///< number in the buffer
};

class ValueStorage {
public:
    ValueStorage(const EmitInput& input, const Plan& plan, CodeBuilder& builder);

    const Value& value(ValueId v) const { return network_.values[v]; }
    const ValueFacts& facts(ValueId v) const { return facts_[v]; }
    bool is_array(ValueId v) const { return facts_[v].small; }
    bool in_bands(ValueId v) const { return facts_[v].band_rows > 0; }

    bool has(ValueId v, ImageId image) const;
    /// Gives the image buffers, first written by `at.layer`, unless it has some.
    void ensure(ValueId v, const Where& at);
    void make_bands(ValueId v, const Where& at, program::Purpose purpose);
    const std::vector<Place>& bands(ValueId v, ImageId image) const;
    /// The place of an image that is not in bands, or no buffer.
    const Place& whole(ValueId v, ImageId image) const { return places_[v][image]; }
    void set_whole(ValueId v, ImageId image, const Place& place) { places_[v][image] = place; }
    void set_whole_for_all(ValueId v, const Place& place) { places_[v].assign(places_[v].size(), place); }
    /// The image of `to` takes over the buffers of the image of `from`.
    void take_over(ValueId from, ValueId to, ImageId image);
    /// Replaces rows of `v` across the borders of its bands, until it is closed.
    void open_window(ValueId v, const Place& place) { window_.emplace(v, place); }
    void close_window() { window_.reset(); }

    /// The buffer of an image that has one.
    const Place& place(ValueId v, ImageId image) const;
    /// The buffer that holds row `row`.
    const Place& place(ValueId v, ImageId image, int row) const;
    /// The first partition of a slot.
    int first_partition(ValueId v, int slot, ImageId image) const;
    /// Whether the image is the second of two that share addresses, one in each half of the partitions.
    bool in_upper_half(ValueId v, ImageId image) const;
    /// The partitions of a buffer for an image.
    Half partitions_of(ValueId v, ImageId image) const;

    /// `lanes` partitions of a slot from its first one on, over `rect` of `images` images of an array.
    Operand access(ValueId v, int slot, int lanes, ImageId image, const Rect& rect, int images = 1) const;
    /// As access(), for `count` groups of channels `group_step` apart.
    Operand access_groups(ValueId v, int slot, int lanes, ImageId image, const Rect& rect, int count,
                          int group_step) const;
    /// Slots of parts, with slots of a group combined if one instruction can cover them.
    std::vector<LaneChunk> chunks(std::initializer_list<Part> parts) const;

    /// [first, first + count) cut where a band of one of `values` begins; values without bands cut nothing.
    std::vector<RowRange> cut_rows(std::initializer_list<ValueId> values, int first, int count) const;
    /// Calls visit(rows) for output rows cut where the row of `source` that they read, row * stride + shift, enters
    /// another band.
    template <class Visit>
    void for_each_source_piece(ValueId source, RowRange rows, int stride, int shift, Visit&& visit) const {
        if (!in_bands(source)) return visit(rows);
        const int height = facts_[source].band_rows;
        for (int row = rows.lo; row < rows.hi;) {
            const int band_end = ((row * stride + shift) / height + 1) * height;
            const int end = std::min(rows.hi, (band_end - shift + stride - 1) / stride);
            visit(RowRange{row, end});
            row = end;
        }
    }

private:
    const Network& network_;
    SlotGeometry slots_;
    int batch_;
    int pass_;  ///< images that go through all layers before the next ones
    CodeBuilder& builder_;
    IdVector<ValueId, ValueFacts> facts_;
    IdVector<ValueId, IdVector<ImageId, Place>> places_;
    std::map<std::pair<ValueId, ImageId>, std::vector<Place>> bands_;
    std::optional<std::pair<ValueId, Place>> window_;

    void make_array(ValueId v, const Where& at, std::int64_t image_bytes);
};

/// Output rows [first, first + count) of a layer in pieces that write one band of the output (and of a residual) and
/// read about as many rows as a band of the input has.
std::vector<RowRange> output_pieces(const ValueStorage& storage, const Layer& layer, int first, int count);

/// Consecutive chunks of whole groups, of `ways` slots: one instruction covers as many as have `most` elements.
struct ChunkRun {
    LaneChunk chunk;
    int count = 1;
};
std::vector<ChunkRun> chunk_runs(const std::vector<LaneChunk>& chunks, int ways, std::int64_t elements,
                                 std::int64_t most);

}  // namespace infsim::compiler
