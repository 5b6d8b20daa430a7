// Prices of single instructions. The formulas are those that AWS documents for its NKI instructions; the constants come
// from the chip file. README.md lists them.
#include "cost/cost.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "program/operands.hpp"

namespace infsim::cost {

using namespace program;

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

EngineCost priced(Cycles occupancy, Cycles latency, Frequency clock) {
    return {occupancy / clock, (occupancy + latency) / clock};
}

Cycles loading(const hw::PeSpec& pe, bool previous_was_matmul) {
    return previous_was_matmul ? pe.stationary_load_unhidden : pe.stationary_load;
}

/// One pass of `moving` columns over a stationary operand of `columns` columns.
Cycles streaming(const hw::PeSpec& pe, std::int64_t moving, std::int64_t columns, DType dtype) {
    const auto floor = std::min(pe.min_matmul.count(), columns);
    const auto passes = dtype == DType::fp32 ? pe.fp32_passes : 1;
    return Cycles{std::max(floor, moving) * passes} + pe.matmul_overhead;
}

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// `steps` elements of each of the operands' partitions, as many at a time as the widest operand allows, on as many
/// partitions at a time as there are lanes.
template <class... Patterns>
EngineCost vector_cost(const hw::VectorEngineSpec& engine, std::int64_t steps, const Patterns&... operands) {
    const int width = std::max({dtype_bytes(operands.dtype)...});
    const int partitions = std::max({static_cast<int>(operands.partition_count)...});
    const std::int64_t turns = engine.lanes ? divided_up(partitions, *engine.lanes) : 1;
    const std::int64_t cycles = divided_up(steps, width > 2 ? engine.elements_32bit : engine.elements_16bit) * turns;
    return priced(Cycles{std::max(engine.min_cycles.count(), cycles)} + engine.overhead, engine.latency, engine.clock);
}

/// The two state-buffer reads of a tensor-tensor share one port; an operand in PSUM has its own.
std::int64_t tensor_tensor_cycles(const TensorTensor& op) {
    const bool one_in_psum = (op.a.space == Space::psum) != (op.b.space == Space::psum);
    return elements(op.dst) * (one_in_psum ? 1 : 2);
}

/// Contiguous elements at the inner end of a walk; `unit` is the step that means "next to it".
template <class Pattern>
std::int64_t contiguous(const Pattern& pattern, std::int64_t unit) {
    std::int64_t run = 1;
    for (int d = kAccessDims - 1; d >= 0; --d) {
        if (pattern.count[d] == 1) continue;
        if (std::int64_t{pattern.step[d]} != run * unit) break;
        run *= pattern.count[d];
    }
    return run;
}

/// A transfer whose pieces of `run` elements are contiguous at both ends.
DmaDemand demand(const hw::DmaSpec& dma, const AccessPattern& chip_side, std::int64_t run) {
    const std::int64_t run_bytes = run * dtype_bytes(chip_side.dtype);
    const std::int64_t runs = elements(chip_side) / run * chip_side.partition_count;
    const std::int64_t largest = dma.max_descriptor.count();
    INFSIM_CHECK(largest > 0, "DmaSpec::max_descriptor must be positive");
    DmaDemand d;
    d.payload = Bytes{total_bytes(chip_side)};
    d.billed = dma.row_cost(Bytes{run_bytes}) * runs;
    d.descriptors = static_cast<int>(runs * ((run_bytes + largest - 1) / largest));
    return d;
}

DmaDemand dram_demand(const hw::DmaSpec& dma, const AccessPattern& chip_side, const DramPattern& dram, bool writes) {
    const std::int64_t run = std::gcd(contiguous(chip_side, 1), contiguous(dram, dtype_bytes(chip_side.dtype)));
    DmaDemand d = demand(dma, chip_side, run);
    d.dram = d.payload;
    d.writes_dram = writes;
    return d;
}

}  // namespace

EngineCost engine_cost(const hw::ChipSpec& spec, const Instruction& instruction, bool previous_was_matmul) {
    const auto& pe = spec.pe;
    return std::visit(
        Overloaded{
            [&](const LoadStationary&) { return priced(loading(pe, previous_was_matmul), pe.latency, pe.clock); },
            [&](const Matmul& op) {
                const auto cycles = streaming(pe, elements(op.moving), op.dst.partition_count, op.moving.dtype);
                return priced(cycles, pe.latency, pe.clock);
            },
            [&](const Transpose& op) {  // the source is loaded, then an identity of its height streams through
                const auto cycles = streaming(pe, op.src.partition_count, elements(op.src), op.src.dtype);
                return priced(loading(pe, previous_was_matmul) + cycles, pe.latency, pe.clock);
            },
            [&](const Activate& op) { return vector_cost(spec.act, elements(op.dst), op.src, op.dst); },
            [&](const TensorTensor& op) {
                return vector_cost(spec.pool, tensor_tensor_cycles(op), op.a, op.b, op.dst);
            },
            [&](const TensorScalar& op) { return vector_cost(spec.pool, elements(op.dst), op.src, op.dst); },
            [&](const Reduce& op) { return vector_cost(spec.pool, elements(op.src), op.src, op.dst); },
            [&](const Memset& op) { return vector_cost(spec.pool, (elements(op.dst) + 1) / 2, op.dst); },
            [&](const Sync&) { return EngineCost{}; },
            [&](const auto&) -> EngineCost {
                INFSIM_CHECK(false, "engine_cost: a DMA instruction has no fixed cost; use dma_demand");
                return {};
            },
        },
        instruction.op);
}

bool takes_psum_port(const hw::ChipSpec& spec, const Instruction& instruction) {
    if (!spec.psum.shared_port) return false;
    const auto engine = engine_of(instruction.op);
    if (engine != Engine::act && engine != Engine::pool) return false;
    const Accesses operands = accesses(instruction.op);
    return std::any_of(operands.begin(), operands.end(),
                       [](const OnChipAccess& operand) { return operand.pattern.space == Space::psum; });
}

bool is_dma(const Instruction& instruction) {
    const auto& op = instruction.op;
    return std::holds_alternative<DmaLoad>(op) || std::holds_alternative<DmaStore>(op) ||
           std::holds_alternative<DmaCopy>(op) || std::holds_alternative<DmaGather>(op);
}

DmaDemand dma_demand(const hw::ChipSpec& spec, const Instruction& instruction) {
    const auto& dma = spec.dma;
    return std::visit(Overloaded{
                          [&](const DmaLoad& op) { return dram_demand(dma, op.dst, op.src, false); },
                          [&](const DmaStore& op) { return dram_demand(dma, op.src, op.dst, true); },
                          [&](const DmaGather& op) { return dram_demand(dma, op.dst, op.table, false); },
                          [&](const DmaCopy& op) {
                              return demand(dma, op.dst, std::gcd(contiguous(op.src, 1), contiguous(op.dst, 1)));
                          },
                          [&](const auto&) -> DmaDemand {
                              INFSIM_CHECK(false, "dma_demand: not a DMA instruction");
                              return {};
                          },
                      },
                      instruction.op);
}

}  // namespace infsim::cost
