// The Program: the contract between the compiler and the chip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "program/instruction.hpp"

namespace infsim::program {

/// The capacities that a Program was made for; a chip refuses a Program whose Target exceeds it.
struct Target {
    int pe_rows = 0, pe_columns = 0, max_moving = 0;  ///< max_moving: elements of one moving operand
    int sb_partitions = 0, psum_partitions = 0, psum_banks = 0;
    std::int64_t sb_partition_bytes = 0, psum_bank_bytes = 0;
    int dma_engines = 0, rings_per_engine = 0, max_queues = 0;
    std::int64_t dram_region_bytes = 0;  ///< capacity of each DRAM region of a core
    int dram_regions = 0;                ///< regions a core has (one per channel)
};

enum class Engine : std::uint8_t { pe, act, pool, dma };

/// One in-order instruction stream. `engine_index` and `ring` distinguish DMA rings and are 0 otherwise.
struct Queue {
    Engine engine = Engine::pe;
    std::uint8_t engine_index = 0;
    std::uint8_t ring = 0;
    std::vector<Instruction> instructions;
};

/// The use of bytes of device DRAM. `spill`: intermediates that do not fit in the state buffer; `relayout`:
/// intermediates that leave in one layout and come back in another.
enum class Purpose : std::uint8_t { weights, constants, input, output, spill, relayout };
/// A Program writes such segments and reads them again; their earlier contents mean nothing.
inline bool is_scratch(Purpose p) { return p == Purpose::spill || p == Purpose::relayout; }
/// Segments that a Program writes.
inline bool is_written(Purpose p) { return p == Purpose::output || is_scratch(p); }

/// How a box of a segment is filled from a tensor: for all indices i_d < count[d],
/// segment byte `segment_offset + sum(i_d * segment_step[d])` holds element
/// `tensor_offset + sum(i_d * tensor_step[d])` (row-major flat index) of the tensor, converted to the
/// segment's dtype. Bytes that no box covers are zero.
struct RecipeBox {
    std::int64_t segment_offset = 0, tensor_offset = 0;
    std::array<std::int64_t, 6> count{1, 1, 1, 1, 1, 1}, segment_step{}, tensor_step{};  ///< segment steps in bytes
    std::uint32_t tensor = 0;  ///< index into Segment::tensors, or kLiteral: every element of the box is `literal`
    float literal = 0.0F;
};
constexpr std::uint32_t kLiteral = 0xFFFF'FFFF;

/// A contiguous range of device DRAM in one of the core's own regions.
/// Input and output segments hold `batch` images in order, each row-major as in the graph.
struct Segment {
    std::string name;  ///< of the graph tensor or layer it serves
    Purpose purpose = Purpose::weights;
    DType dtype = DType::fp16;
    std::uint8_t region = 0;   ///< index of the core's DRAM region
    std::int64_t address = 0;  ///< byte offset in that region
    std::int64_t bytes = 0;
    std::vector<std::string> tensors;  ///< graph tensors the recipe reads, or the one graph input or output
    std::vector<RecipeBox> recipe;     ///< weights and constants only
};

/// Ownership of bytes of the state buffer or PSUM, with its first and last (inclusive) `sequence`.
struct Allocation {
    std::string name;
    Space space = Space::state_buffer;
    std::uint16_t partition_start = 0, partition_count = 0;
    std::uint32_t offset = 0, bytes = 0;  ///< within each partition
    std::uint32_t first_sequence = 0, last_sequence = 0;
    std::uint16_t layer = 0;
    Purpose purpose = Purpose::input;  ///< weights, constants, or `spill` for intermediates; input/output for graph I/O
};

/// Facts for reports about a layer of the compiled network (after fusion).
struct LayerInfo {
    std::string name;               ///< of the graph node that computes the result
    std::string kind;               ///< "conv", "dense", "maxpool", ...
    std::int64_t macs = 0;          ///< per image
    std::int64_t weight_bytes = 0;  ///< as stored in DRAM
};

struct Program {
    std::string model;
    int batch = 1;
    DType dtype = DType::fp16, io_dtype = DType::fp16;
    Target target;
    std::vector<Queue> queues;
    std::vector<Segment> segments;
    std::vector<Allocation> allocations;
    /// Static weights: these loads happen once, when the chip gets the Program. Their bytes stay from inference to
    /// inference; no instruction writes them.
    std::vector<DmaLoad> static_loads;
    std::vector<LayerInfo> layers;
};

/// Bytes that the static loads bring, over all partitions.
inline std::int64_t static_bytes(const Program& p) {
    std::int64_t bytes = 0;
    for (const DmaLoad& load : p.static_loads) bytes += total_bytes(load.dst);
    return bytes;
}

/// Number of instructions over all queues.
inline std::size_t instruction_count(const Program& p) {
    std::size_t n = 0;
    for (const auto& q : p.queues) n += q.instructions.size();
    return n;
}

}  // namespace infsim::program
