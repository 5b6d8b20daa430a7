// Turns a Network into virtual code: every instruction with its operands, on buffers without addresses.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/emit/transfer_walk.hpp"
#include "compiler/ir/code.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/dry_run.hpp"
#include "compiler/options.hpp"
#include "compiler/outcome.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// An operand: where it is inside a buffer.
struct Operand {
    program::AccessPattern ap;
    BufferId buffer = kNoBuffer;
};

/// A strided rectangle of one channel plane, in rows and columns of the tensor.
struct Rect {
    int row = 0, rows = 1, row_step = 1;
    int col = 0, cols = 1, col_step = 1;
};

struct RowRange {
    int lo = 0, hi = 0;
};

/// One step of an access pattern, outermost first.
struct Step {
    std::int64_t step = 0;
    std::int64_t count = 1;
};

/// A step or count that the instruction set cannot hold; run() says whose it is.
struct LimitExceeded {
    std::int64_t wanted, available;
};
/// What the chip is short of for a layer, whatever lies where; thrown by run().
struct Shortage {
    DoesNotFit reason;
};
/// Throws LimitExceeded.
std::uint16_t step_or_count(std::int64_t n);

/// An access pattern over `steps` (in elements), with contiguous dimensions merged, unit ones dropped
/// and counts of more than 16 bits split in two. Throws LimitExceeded.
program::AccessPattern make_access(program::Space space, int partition_start, int partition_count, std::int64_t offset,
                                   DType dtype, std::initializer_list<Step> steps);

/// A stretch of partitions that an elementwise instruction can cover at once: one slot, or both of a group.
struct LaneChunk {
    int slot = 0;
    int slots = 1;
    int lanes = 0;
};

/// The code of a plan, or of a long one only the dry_run: several compete, and one is carried out.
struct Emission {
    DryRun dry_run;
    DramNeeds dram;
    std::optional<Code> code;
};

class Emitter {
public:
    Emitter(const graph::Graph& graph, const Network& network, const program::Target& target, int batch, DType dtype,
            DType io_dtype, const CompileOptions& options, const Plan& plan);
    /// A dry_run, and the code where it is short enough: emitting it again would cost more than keeping it. None as
    /// soon as a buffer takes more than `capacity` bytes per partition. Throws Shortage.
    std::optional<Emission> dry_run(std::int64_t capacity);
    /// Throws Shortage.
    Code code();
    /// As a CodeSource. Throws Shortage.
    Code into(const InstructionSink& sink);

private:
    enum class Stream { weights, inputs, constants };
    /// Where one image of a value is: `row0` is the first row the buffer holds.
    struct Place {
        BufferId buffer = kNoBuffer;
        int row0 = 0, rows = 0;
        int index = 0;
        int images = 1;
    };
    struct KTile {
        int slot = 0, partition = 0, count = 0, first_channel = 0;
    };
    /// K-tiles of the same partition range: they travel in one DMA with a contiguous run per partition.
    struct KClass {
        int partition = 0, count = 0;
        std::vector<KTile> tiles;
    };
    /// What one DMA engine brings of a class of a slab: partitions from `first` of the class on, in one DRAM region.
    struct SlabPiece {
        int first = 0, count = 0, region = 0;
        std::int64_t segment_offset = 0;
    };
    struct Slab {
        int first_slot = 0, slots = 0;
        std::int64_t bytes = 0;
        std::vector<SlabPiece> pieces;
    };  ///< by class, then engine
    /// One stationary operand inside a slab: byte offset within the partition.
    struct Stationary {
        const KTile* tile;
        int tap_row, tap_col;
        std::int64_t offset;
    };
    struct ConvState {
        std::vector<KClass> classes;
        std::vector<Slab> slabs;
        std::vector<BufferId> slab_buffer;  ///< this epoch's, kNoBuffer while not loaded
        BufferId bias = kNoBuffer;
        std::vector<std::uint32_t> segments;  ///< one per region that weights go to
        std::optional<std::uint32_t> bias_segment;
        bool dual = false;  ///< weights needed in both halves of the partitions
    };
    struct Tile {
        int image = 0, images = 1;
        Rect rect;
    };

    const graph::Graph& graph_;
    const Network& net_;
    const program::Target& target_;
    int batch_;
    DType dtype_, io_dtype_;
    const CompileOptions& options_;
    const Plan& plan_;
    Code code_;
    std::int64_t capacity_ = INT64_MAX;       ///< of which no buffer may take more
    std::optional<DryRunRecorder> recorder_;  ///< sees every instruction, if it is there
    const InstructionSink* sink_ = nullptr;   ///< the same
    bool keeps_ = true;                       ///< whether `code_` keeps the instructions
    std::vector<std::vector<Place>> places_;  ///< [value][image]; of values in bands the one that is being looked at
    std::vector<int> band_rows_;              ///< by value: rows of a band; 0: the image is one buffer
    std::map<std::pair<ValueId, int>, std::vector<Place>> row_bands_;  ///< (value, image)
    std::optional<std::pair<ValueId, Place>> window_;  ///< stands for rows of a value across the borders of its bands
    std::vector<int> array_images_;                    ///< by value: images of a small value that lie in one buffer
    std::vector<bool> pairable_, small_;
    std::vector<bool> passing_;  ///< by value: only layers without weights touch it, image by image
    std::vector<std::optional<ConvState>> conv_;
    std::map<std::pair<int, int>, BufferId> constants_;              ///< (layer, which) of this epoch
    std::vector<std::uint32_t> input_segment_, output_segment_;      ///< in graph order
    std::map<std::pair<int, int>, std::uint32_t> constant_segment_;  ///< (layer, which)
    std::vector<std::vector<int>> stored_by_;                        ///< outputs that are complete after each layer
    std::vector<View> input_view_;                                   ///< by value; only for graph inputs
    std::vector<int> input_index_;                                   ///< by value; -1 for others
    BufferId ones_ = kNoBuffer;
    int next_bank_ = 0, layer_ = 0, image_ = 0, next_engine_ = 0;
    LoadId load_;
    std::vector<int> last_reader_;
    std::map<ValueId, std::uint32_t> scratch_segment_;
    std::map<std::tuple<bool, int, DType>, std::uint32_t> operand_segment_;  ///< (literal?, index, type in DRAM)

    struct TooLarge {};  ///< a buffer exceeds `capacity_`
    // emitter.cpp: the order of work
    void run();
    void forget_weights(int first_layer, int last_layer);
    void emit_weightless(int layer, int image);
    int image_group(int layer) const;
    void analyse_values();
    void emit_layer_for_image(int layer, int image);

    // sections.cpp
    void run_sections();
    void run_until(std::size_t section, int images, std::vector<int>& done);
    void run_images(const Section& section, int first, int count);
    void run_weighted(int layer, int first, int count);

    // operands.cpp
    std::uint8_t pe() const { return 0; }
    std::uint8_t act() const { return 1; }
    std::uint8_t pool() const { return 2; }
    std::uint8_t ring(int engine, int ring) const;
    int rings_used() const;
    BufferId new_buffer(const std::string& name, std::int64_t bytes, Half half, program::Purpose purpose,
                        int images = 1);
    template <class Op>
    void push(std::uint8_t queue, const Op& op, std::initializer_list<BufferId> buffers, BufferId scalar0 = kNoBuffer,
              BufferId scalar1 = kNoBuffer) {
        VirtualInstruction passing;
        VirtualInstruction& in =
            keeps_ ? code_.instructions.emplace_back() : passing;  // made where it stays: there are millions
        in.op = op;
        stamp(in, queue, buffers, scalar0, scalar1);
        if (recorder_) recorder_->see(in, code_.segments);
        if (sink_) (*sink_)(in);
        if (keeps_) count_kept();
    }
    void stamp(VirtualInstruction& in, std::uint8_t queue, std::initializer_list<BufferId> buffers, BufferId scalar0,
               BufferId scalar1) const;
    void count_kept();
    const Place& place(ValueId value, int image) const;
    /// The buffer that holds row `row`.
    const Place& place(ValueId value, int image, int row) const;
    void ensure_storage(ValueId value, int image);
    int half_of(ValueId value, int slot, int image) const;
    Operand access(ValueId value, int slot, int lanes, int image, const Rect& rect, int images = 1) const;
    /// As access, of `count` groups of channels `group_step` apart.
    Operand access_groups(ValueId value, int slot, int lanes, int image, const Rect& rect, int count,
                          int group_step) const;
    bool is_array(ValueId value) const;
    std::vector<LaneChunk> chunks(std::initializer_list<Part> parts) const;
    /// Chunks of whole groups that follow each other: one instruction covers as many as have `most` elements.
    struct ChunkRun {
        LaneChunk chunk;
        int count = 1;
    };
    std::vector<ChunkRun> chunk_runs(std::initializer_list<Part> parts, std::int64_t elements, std::int64_t most) const;
    /// Elements per partition that one matmul can move and one PSUM bank can take.
    int most_moving() const {
        return static_cast<int>(std::min<std::int64_t>(target_.max_moving, target_.psum_bank_bytes / 4));
    }
    /// Throws Shortage unless one PSUM bank holds `elements` fp32 sums.
    void need_bank(int elements) const;
    int take_bank() { return next_bank_++ % target_.psum_banks; }
    Operand psum(int bank, int lanes, std::int64_t offset_elements, std::initializer_list<Step> steps) const;
    const Value& value(ValueId v) const { return net_.values[static_cast<std::size_t>(v)]; }

    // bands.cpp
    void analyse_bands();
    bool in_bands(ValueId v) const { return band_rows_[static_cast<std::size_t>(v)] > 0; }
    void make_bands(ValueId value, int image, program::Purpose purpose);
    bool has_storage(ValueId value, int image) const;
    /// [first, first + count) cut where a band of one of `values` begins; values without bands cut nothing.
    std::vector<RowRange> cut_rows(std::initializer_list<ValueId> values, int first, int count) const;
    /// visit(rows): output rows cut where the row of `source` that they read, row * stride + shift, enters another
    /// band.
    template <class Visit>
    void for_each_source_piece(ValueId source, RowRange rows, int stride, int shift, Visit&& visit) const {
        if (!in_bands(source)) return visit(rows);
        const int height = band_rows_[static_cast<std::size_t>(source)];
        for (int row = rows.lo; row < rows.hi;) {
            const int band_end = ((row * stride + shift) / height + 1) * height;
            const int end = std::min(rows.hi, (band_end - shift + stride - 1) / stride);
            visit(RowRange{row, end});
            row = end;
        }
    }
    /// Output rows [first, first + count) of a layer in pieces that write one band of the output (and of a residual)
    /// and read about as many rows as a band of the input has.
    std::vector<RowRange> output_pieces(const Layer& layer, int first, int count) const;
    /// Puts rows [lo, hi) of a value, from several bands, side by side into a buffer that window_ then stands for.
    void gather_window(const Part& part, int image, RowRange rows);

    // io.cpp
    void load_input(ValueId value, int image, int first_row, int last_row, BufferId into, int row0, int rows);
    void emit_input(ValueId value, int image);
    void store_outputs(int layer, int image);
    void add_io_segments();
    /// What a graph input or output is in device DRAM.
    DType dram_dtype(graph::TensorId tensor) const;
    void store_view(std::size_t output, int image);
    void store_band(std::size_t output, int image, const Place& band);
    BufferId channel_constants(int layer, int which, const Part& part, const std::vector<graph::TensorId>& tensors,
                               bool lower_only);
    BufferId ones();

    // conv.cpp
    ConvState& conv_state(int layer);
    void plan_weights(int layer, ConvState& state);
    void build_segments(int layer, ConvState& state);
    int weight_regions() const;
    BufferId slab(int layer, int index);
    BufferId bias(int layer);
    std::vector<Stationary> stationaries(int layer, int slab, int slot) const;
    void emit_conv(int layer, int first_image, int images, int first_row, int rows);
    void emit_conv_rows(int layer, int first_image, int images, int first_row, int rows);
    void place_output(int layer, int image);
    void emit_chunk(int layer, int slab, int slot, const std::vector<Tile>& tiles);
    void emit_tap(int layer, const Stationary& st, int columns, BufferId weights, const std::vector<Tile>& tiles,
                  const std::vector<int>& banks, bool first);
    void evacuate(int layer, int slot, const Tile& tile, int bank);
    std::vector<Tile> tiles(int layer, int first_image, int images, int first_row, int rows) const;

    // general.cpp: where an image's planes are (offsets in elements), and transfers between them and DRAM
    struct Residence {
        ValueId value;
        int image;
        BufferId buffer;
        DType dtype;
        std::int64_t group_step, base;
    };
    Residence residence(ValueId v, int image) const;
    /// A buffer laid out as the value's, of another element type.
    Residence staged(ValueId v, int image, DType dtype, const char* suffix, program::Purpose purpose);
    void transfer(const TransferWalk& walk, const Residence& at, std::uint32_t segment, std::int64_t segment_offset,
                  bool load, int ring_number);
    void convert(const Residence& from, const Residence& to, const View& view);
    std::uint32_t scratch_segment(ValueId v);
    std::uint32_t operand_segment(const Strided& from, DType dtype);
    /// Segment of a fetch and elements per image in it (0: the same for all).
    std::pair<std::uint32_t, std::int64_t> fetch_source(const Strided& from, DType dram);
    void fill_slots(const Residence& at, const Part& part, float number);
    void emit_store(int layer, int image);
    void emit_fetch(int layer, int image);
    void emit_reduce(int layer, int image);

    // stem.cpp
    void emit_stem_of(int first_image, int images);
    bool converts_whole_input() const;
    void emit_stem(int image, const Section& stripes);
    std::vector<RowRange> stem_ranges(const std::vector<ValueId>& chain, int first_layer, int row, int count) const;
    void emit_stem_rows(int layer, ValueId value, int image, int first, int last);
    /// A fresh window of `most` rows over `rows`; rows before `done` are copied from the window before.
    void open_window(ValueId value, int image, RowRange rows, int done, int most);
    // vector.cpp, attention.cpp
    void emit_pool(int layer, int image, int first_row, int rows);
    void emit_pool_rows(const Layer& layer, const PoolOp& op, int image, RowRange rows);
    void emit_pool_class(const Layer& layer, const PoolOp& op, int image, const Rect& out, int kr0, int krn, int kc0,
                         int kcn);
    void emit_replicate(int layer, int image, int first_row, int rows);
    void emit_replicate_rows(int layer, int image, int first_row, int rows);
    void emit_unary(int layer, int image);
    void emit_scalar(int layer, int image);
    void emit_binary(int layer, int image);
    void emit_copy(int layer, int image);
    void emit_softmax(int layer, int image);
    void emit_softmax_runs(const Layer& layer, int image, const std::vector<ChunkRun>& runs);
    void emit_layer_norm(int layer, int image);
    void emit_layer_norm_tile(int layer, int image, const Rect& rect);
    int part_channels(const Part& part) const;
    void emit_lrn(int layer, int image);
    void emit_lrn_tile(int layer, int image, const Rect& rect, BufferId band);
    void emit_head_matmul(int layer, int image);
    /// `heads` heads from `first` on, every `step`-th; their slots are `group_step` groups apart.
    struct HeadRun {
        int first = 0, heads = 1, step = 1, group_step = 1;
    };
    std::vector<HeadRun> head_runs(int heads, int slots_per_head, std::int64_t elements) const;
    void emit_head_product(const Layer& layer, const std::vector<LaneChunk>& contraction, int image,
                           const Rect& stationary, const Rect& moving, const Operand& sum);
    void evacuate_product(const Layer& layer, const HeadRun& run, int slot, int image, int columns, const Rect& rect,
                          int bank);
    void emit_transpose(int layer, int image);
    void emit_spread(int layer, int image);
    std::vector<LaneChunk> head_chunks(std::initializer_list<Part> parts, int heads) const;
    template <class Source>
    Operand sum_over_lanes(const std::vector<LaneChunk>& list, std::int64_t elements, Source&& source);
    Operand spread(const char* name, const Operand& sum, std::int64_t elements, float scale, float bias,
                   program::ActFunction function);
    /// Ones where an LRN window of output slot `out` covers channels of slot `from`; offset within the partition.
    struct Band {
        int out = 0, from = 0;
        std::int64_t offset = 0;
    };
    std::map<int, std::vector<Band>> bands_;  ///< by layer
    std::uint32_t band_segment(int layer, std::vector<Band>& bands);
    BufferId band_constants(int layer);
    void emit_gather(int layer, int image);
    Operand scratch(const char* name, int lanes_start, int lanes, std::int64_t elements, DType dtype);
};

}  // namespace infsim::compiler
