// The compiler's own form of a network: layers over values with a physical layout. Lowering creates it, the passes on
// the order of layers and on copies of inputs change it, emission reads it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/ids.hpp"
#include "compiler/ir/slots.hpp"
#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace infsim::compiler {

/// The channels of a value lie in slots, see SlotGeometry. `lanes[s]` is the number of channels in slot s. Every
/// channel has `rows` x `cols` elements per image; a token tensor has one row.
struct Physical {
    std::vector<int> lanes;
    int rows = 1, cols = 1;

    int slots() const { return static_cast<int>(lanes.size()); }
    std::int64_t plane() const { return std::int64_t{rows} * cols; }
    int channels() const {
        int n = 0;
        for (int l : lanes) n += l;
        return n;
    }
    bool operator==(const Physical& o) const { return lanes == o.lanes && rows == o.rows && cols == o.cols; }
};

/// Physical dimensions that logical axes consist of. `channel` is slot and lane combined, in channel order.
enum class Dim : std::uint8_t { channel, slot, lane, row, col };
/// `step`: how many slots, rows or columns one index of a slot, row or column factor moves; 1 for channels and lanes.
struct Factor {
    Dim dim = Dim::channel;
    std::int64_t extent = 1;
    std::int64_t step = 1;
    bool operator==(const Factor& o) const { return dim == o.dim && extent == o.extent && step == o.step; }
    bool operator!=(const Factor& o) const { return !(*this == o); }
};
/// Whether the factor walks over the plane of a partition.
inline bool is_free(const Factor& f) { return f.dim == Dim::row || f.dim == Dim::col; }
/// How a graph tensor lies in a value: each logical axis is the product of factors, outermost first; an axis of
/// extent 1 has none. The tensor takes slots [first_slot, first_slot + slots) of the value.
struct View {
    ValueId value;
    int first_slot = 0;
    int slots = 0;
    std::vector<std::vector<Factor>> axes;
};

/// Elements per partition for `rows` rows of an image of a value.
inline std::int64_t elements_per_partition(const SlotGeometry& slots, const Physical& phys, int rows) {
    return std::int64_t{slots.groups(phys.slots())} * rows * phys.cols;
}
/// The same for all its rows.
inline std::int64_t elements_per_partition(const SlotGeometry& slots, const Physical& phys) {
    return elements_per_partition(slots, phys, phys.rows);
}
/// Whether one half of the partitions is enough for the value.
inline bool fits_half(const SlotGeometry& slots, const Physical& phys) {
    if (phys.slots() > slots.ways || phys.lanes.empty()) return phys.lanes.empty();
    return slots.partition_of(phys.slots() - 1) + phys.lanes.back() <= slots.partitions() / 2;
}

struct Value {
    std::string name;
    Physical phys;
    DType dtype = DType::fp16;
    graph::TensorId input = graph::kNoTensor;  ///< set if the value is a graph input
    /// If greater than 0, the value lies only in device DRAM, row-major, and has no slots.
    std::int64_t scratch_elements = 0;
};

/// One factor of an axis of a tensor in device DRAM: `stride` elements from one index to the next, 0 to repeat,
/// negative to go backwards.
struct StrideFactor {
    std::int64_t extent = 1, stride = 0;
};
/// A walk over a tensor that lies row-major in device DRAM: each axis is the product of factors, outermost first.
struct Strided {
    enum class Source : std::uint8_t { scratch, input, constant, literal };
    Source source = Source::scratch;
    int index = 0;            ///< value, position in graph inputs, constant tensor, or position in Network::literals
    std::int64_t offset = 0;  ///< in elements
    std::vector<std::vector<StrideFactor>> axes;
};

/// One weight tensor of a convolution, addressed by flat index o*so + c*sc + r*sr + s*ss.
struct WeightIndex {
    graph::TensorId tensor = graph::kNoTensor;
    std::int64_t so = 0, sc = 0, sr = 0, ss = 0;
    /// Input channels of the layer are `replicas` copies of those of the tensor: channel k is tensor channel k %
    /// (channels / replicas) of filter row k / (channels / replicas).
    int replicas = 1;
    std::int64_t replica_step = 0;  ///< flat-index distance of one filter row
    std::int64_t base = 0;          ///< flat index of element (0, 0, 0, 0)
    std::int64_t group_step = 0;    ///< flat-index distance from one group to the next beyond that of its outputs
};

/// A slot range of a value: what a layer reads or writes. Different layers write the slots of a concatenation's value.
struct Part {
    ValueId value = kNoValue;
    int first_slot = 0;
    int slots = 0;
};

/// Convolution, dense layer, MatMul by a constant: one shifted matmul per filter tap.
struct ConvOp {
    WeightIndex weight;
    graph::TensorId bias = graph::kNoTensor;
    int kernel_rows = 1, kernel_cols = 1;
    int stride_rows = 1, stride_cols = 1, dilation_rows = 1, dilation_cols = 1;
    int pad_top = 0, pad_left = 0;
    int groups = 1;
    program::ActFunction function = program::ActFunction::identity;
    std::optional<Part> residual;  ///< added before a ReLU
    bool relu_after_add = false;
    /// Instead of a function: clips to [0, limit] (ReLU6).
    std::optional<float> limit;
};
struct PoolOp {
    bool average = false;
    bool count_include_pad = false;
    int kernel_rows = 1, kernel_cols = 1, stride_rows = 1, stride_cols = 1, dilation_rows = 1, dilation_cols = 1;
    int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};
/// Elementwise, with the same physical layout for input and output.
struct UnaryOp {
    program::ActFunction function = program::ActFunction::identity;
    float scale = 1, bias = 0;
};
/// dst = (src op0 s0) op1 s1. Scalars are immediate or one per channel: from a constant, or from a value with one
/// element per channel.
struct ChannelScalar {
    program::AluOp op = program::AluOp::none;
    float immediate = 0;
    graph::TensorId per_channel = graph::kNoTensor;
    int input = 0;  ///< if greater than 0: which of the layer's inputs has the scalars
};
struct ScalarOp {
    ChannelScalar first, second;
};
/// `inner` > 1: the second operand has one element per `inner` consecutive elements of the first one's plane. `spread`:
/// the second operand is a SpreadOp's output, read by every slot.
struct BinaryOp {
    program::AluOp op = program::AluOp::add;
    bool relu = false;
    int inner = 1;
    bool spread = false;
};
/// Softmax over the columns of every lane (inputs: one value whose logical softmax axis is `col`).
struct SoftmaxOp {
    bool log = false;
};
/// Normalisation over all channels (lanes and slots) of every element of the plane.
struct LayerNormOp {
    graph::TensorId gamma = graph::kNoTensor, beta = graph::kNoTensor;
    float epsilon = 0;
};
/// Local response normalisation across channels.
struct LrnOp {
    int size = 5;
    float alpha = 0, beta = 0, bias = 1;
};
/// Batched product of two activations, once per head: out[m, n] = sum_k a[k, m] * b[k, n], contracted over the lanes of
/// both. Evacuated as out * scale, plus `added` (a SpreadOp's output, the same for all heads) if there is one.
struct HeadMatmulOp {
    int heads = 1;
    float scale = 1.0F;
    std::optional<Part> added;
};
/// Repeats a value of one lane on all lanes of the slots of at most one group.
struct SpreadOp {};
/// Exchanges lanes and columns per head: [head][lanes m][cols n] -> [head][lanes n][cols m].
struct TransposeOp {
    int heads = 1;
};
/// DRAM rows by index: tokens on partitions, hidden on columns (see TransposeOp for the way back).
struct GatherOp {
    graph::TensorId table = graph::kNoTensor;
    std::int64_t rows = 0, row_elements = 0;
};
/// One copy of a low-channel image per filter row, each shifted by its row, in idle partitions: output channel r * C +
/// c holds row o * stride + r * dilation - pad of input channel c at row o, zero if that is outside.
struct ReplicateOp {
    int replicas = 1, stride = 1, dilation = 1, pad = 0;
};
/// Reduces every `inner` consecutive elements of a plane to one, times scale.
struct ReduceOp {
    program::AluOp op = program::AluOp::add;
    int inner = 1;
    float scale = 1.0F;
};
/// Writes a tensor to device DRAM in row-major order; the output is a scratch value.
struct StoreOp {
    View from;
};
/// The part of a tensor that a fetch fills: index i of axis a of `from` goes to index start[a] + i * step[a].
struct FetchBox {
    Strided from;
    std::vector<std::int64_t> start, step;
};
/// Brings a tensor from device DRAM into the layout of `to`. Elements that no box covers become `fill`.
/// Scratch values that it reads are the layer's inputs.
struct FetchOp {
    View to;
    std::vector<FetchBox> boxes;
    std::optional<float> fill;
    DType from_dtype = DType::fp32;  ///< of scratch values and constants; graph inputs have their own
};
/// Moves elements within their partitions: every lane of the output takes elements of the same lane of the inputs,
/// unchanged or as weighted sums.
struct ArrangeOp {
    /// `count` elements with these distances in the planes; a distance of 0 repeats.
    struct Walk {
        std::int64_t count = 1, from = 0, to = 0;
    };
    struct Piece {
        int input = 0;
        std::int64_t from = 0, to = 0;  ///< where the walks begin, in elements of the planes
        std::vector<Walk> walks;        ///< outermost first, at most four
        float weight = 1;               ///< applied to every element
        bool add = false;               ///< to what earlier pieces have written
    };
    std::vector<Piece> pieces;
    std::optional<float> fill;  ///< for elements that no piece writes
};
/// Copies slots (a concat part that could not be written in place).
struct CopyOp {};

using LayerOp =
    std::variant<ConvOp, PoolOp, UnaryOp, ScalarOp, BinaryOp, SoftmaxOp, LayerNormOp, LrnOp, HeadMatmulOp, TransposeOp,
                 SpreadOp, GatherOp, ReplicateOp, CopyOp, ArrangeOp, ReduceOp, StoreOp, FetchOp>;

struct Layer {
    std::string name;
    std::string kind;
    LayerOp op;
    std::vector<Part> inputs;
    Part output;
    std::int64_t macs = 0;
};

struct Network {
    IdVector<ValueId, Value> values;
    IdVector<LayerId, Layer> layers;           ///< in the order they run
    std::vector<View> inputs, outputs;         ///< in graph order; an input that is only fetched from DRAM has no value
    std::vector<std::vector<float>> literals;  ///< values that the compiler computes (weights of a resize)
    SlotGeometry slots;                        ///< of all values
    /// Layers [0, stem_layers) that stream in row stripes; each reads the one before.
    int stem_layers = 0;
};

}  // namespace infsim::compiler
