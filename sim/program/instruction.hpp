// The instruction set of a NeuronCore-v1 as infsim models it. README.md in this folder is its manual.
#pragma once

#include <array>
#include <cstdint>
#include <variant>

#include "program/access.hpp"
#include "program/act_function.hpp"

namespace infsim::program {

/// Operations of the POOL engine's ALU stages. `none` returns the left operand;
/// the reverse_* forms swap the operands. Comparisons yield 1 or 0.
enum class AluOp : std::uint8_t {
    none,
    add,
    subtract,
    reverse_subtract,
    multiply,
    divide,
    reverse_divide,
    max,
    min,
    power,
    reverse_power,
    equal,
    not_equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    logical_xor,
};

/// A scalar operand: nothing, an immediate, or one element per partition of the state buffer, taken from
/// partition `partition_start + i` for lane i of the instruction.
struct ScalarOperand {
    enum class Kind : std::uint8_t { none, immediate, per_partition };
    union {
        float value = 0.0F;    ///< immediate
        std::uint32_t offset;  ///< per_partition: byte offset in the partition
    };
    Kind kind = Kind::none;
    DType dtype = DType::fp32;
    std::uint16_t partition_start = 0;

    static ScalarOperand immediate(float v) {
        ScalarOperand s;
        s.kind = Kind::immediate;
        s.value = v;
        return s;
    }
    static ScalarOperand per_partition(std::uint32_t offset, std::uint16_t partition_start, DType dtype) {
        ScalarOperand s;
        s.kind = Kind::per_partition;
        s.offset = offset;
        s.dtype = dtype;
        s.partition_start = partition_start;
        return s;
    }
};

// --- PE ---------------------------------------------------------------------------------------------
/// Loads the stationary operand: K = src.partition_count <= PE rows, M = elements(src) <= PE columns. If the array
/// has fewer rows than there are partitions, src may be any consecutive ones. May run in the background of the current
/// matmul.
struct LoadStationary {
    AccessPattern src;
};
/// dst[m, n] = (accumulate ? dst[m, n] : 0) + sum_k stationary[k, m] * moving[k, n], products and sums in fp32.
/// `moving` must cover exactly the partitions of the stationary; dst lies inside one PSUM bank, partition m
/// per PE column. Accumulations of one queue into the same elements take effect in order without a wait.
struct Matmul {
    AccessPattern moving;
    AccessPattern dst;
    bool accumulate = false;
};
/// dst[n, k] = src[k, n] through the array with an identity: src has K partitions and N <= PE columns elements,
/// dst (PSUM) has N partitions and K elements. Replaces the stationary operand.
struct Transpose {
    AccessPattern src;
    AccessPattern dst;
};

// --- ACT --------------------------------------------------------------------------------------------
/// dst = function(src * scale + bias), element by element; lane i of src writes lane i of dst, and the
/// partition starts of the two may differ.
struct Activate {
    AccessPattern src;
    AccessPattern dst;
    ScalarOperand bias;
    float scale = 1.0F;
    ActFunction function = ActFunction::identity;
};

// --- POOL -------------------------------------------------------------------------------------------
/// dst = relu?((a scalar_op scalar) op b), element by element.
struct TensorTensor {
    AccessPattern a;
    AccessPattern b;
    AccessPattern dst;
    ScalarOperand scalar;
    AluOp scalar_op = AluOp::none;
    AluOp op = AluOp::add;
    bool relu = false;
};
/// dst = (src op0 scalar0) op1 scalar1, element by element; with both `none` a copy or cast.
struct TensorScalar {
    AccessPattern src;
    AccessPattern dst;
    ScalarOperand scalar0;
    ScalarOperand scalar1;
    AluOp op0 = AluOp::none;
    AluOp op1 = AluOp::none;
};
/// Reduces the innermost `reduced_dims` dimensions of src by op (add, max, min or multiply), times scale:
/// dst has as many elements per partition as the remaining dimensions of src.
struct Reduce {
    AccessPattern src;
    AccessPattern dst;
    float scale = 1.0F;
    AluOp op = AluOp::add;
    std::uint8_t reduced_dims = 1;
};
/// dst = value.
struct Memset {
    AccessPattern dst;
    float value = 0.0F;
};

// --- DMA --------------------------------------------------------------------------------------------
/// DRAM to state buffer, bytes unchanged.
struct DmaLoad {
    DramPattern src;
    AccessPattern dst;
};
/// State buffer to DRAM, bytes unchanged.
struct DmaStore {
    AccessPattern src;
    DramPattern dst;
};
/// State buffer to state buffer; the partition starts may differ, the counts may not.
struct DmaCopy {
    AccessPattern src;
    AccessPattern dst;
};
/// Rows of a DRAM table by index: partition i of dst receives row index[i] of the table, where `index`
/// has one i32 element per partition and row r starts at byte table.offset + r * table.partition_step.
/// An index outside [0, table_rows) is a run-time error.
struct DmaGather {
    AccessPattern index;
    DramPattern table;
    AccessPattern dst;
    std::uint32_t table_rows = 0;
};

/// Only waits; carries the waits that do not fit the next instruction.
struct Sync {};

using Operation = std::variant<LoadStationary, Matmul, Transpose, Activate, TensorTensor, TensorScalar, Reduce, Memset,
                               DmaLoad, DmaStore, DmaCopy, DmaGather, Sync>;

/// Hold until `count` instructions of queue `queue` have retired since the start of the inference.
struct Wait {
    std::uint8_t queue = 0xFF;
    std::uint32_t count = 0;
};

constexpr int kMaxWaits = 4;
constexpr std::uint8_t kNoQueue = 0xFF;

/// Up to four waits, stored as two arrays so that the struct has no padding.
struct Waits {
    std::array<std::uint32_t, kMaxWaits> count{};
    std::array<std::uint8_t, kMaxWaits> queue{kNoQueue, kNoQueue, kNoQueue, kNoQueue};

    int size() const {
        int n = 0;
        while (n < kMaxWaits && queue[n] != kNoQueue) ++n;
        return n;
    }
    Wait operator[](int i) const { return {queue[i], count[i]}; }
    /// Returns false when all four places are taken.
    bool push(Wait w) {
        const int n = size();
        if (n == kMaxWaits) return false;
        queue[n] = w.queue;
        count[n] = w.count;
        return true;
    }
};

/// One instruction of one queue. Executing all instructions of a Program by ascending `sequence` is one
/// valid serial execution of it. `layer` indexes Program::layers, `image` is the first batch item it serves.
struct Instruction {
    Operation op;
    Waits waits;
    std::uint32_t sequence = 0;
    std::uint16_t layer = 0;
    std::uint16_t image = 0;
};
/// Device DRAM per instruction of a loaded Program: every core fetches its own copy. The encoding of NeuronCore-v1 is
/// not public; this is the bound on ours in memory.
constexpr std::int64_t kInstructionBytes = 128;
static_assert(sizeof(Instruction) <= kInstructionBytes, "Programs of large batches must fit in memory");

}  // namespace infsim::program
