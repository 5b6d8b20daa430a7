// What one instruction costs on an unloaded chip. Shared by the compiler (as its estimate) and by the chip (as the time
// before contention), so that one calibration serves both.
#pragma once

#include "base/units.hpp"
#include "hw/spec.hpp"
#include "program/instruction.hpp"

namespace infsim::cost {

/// occupancy: how long the queue is busy before it may issue its next instruction;
/// latency: from issue until the result is there and the semaphore is posted (>= occupancy).
struct EngineCost {
    Duration occupancy{};
    Duration latency{};
};

/// Cost of a PE, ACT or POOL instruction (Sync costs nothing). DMA instructions are not priced here: their time depends
/// on contention; see dma_demand.
/// `previous_was_matmul`: a LoadStationary directly after a matmul overlaps it.
EngineCost engine_cost(const hw::ChipSpec& spec, const program::Instruction& instruction, bool previous_was_matmul);

/// Whether the instruction occupies PSUM's port: ACT or POOL has an operand there, and the chip lets only one of them
/// access it at a time (PsumSpec::shared_port).
bool takes_psum_port(const hw::ChipSpec& spec, const program::Instruction& instruction);

/// DmaLoad, DmaStore, DmaCopy or DmaGather: priced by dma_demand, not by engine_cost.
bool is_dma(const program::Instruction& instruction);

/// What a DMA instruction asks of the memory system.
struct DmaDemand {
    Bytes payload;        ///< bytes moved
    Bytes billed;         ///< payload with short runs counted by DmaSpec::row_cost: what the engine spends time on
    Bytes dram;           ///< bytes on the DRAM channel (0 for state buffer to state buffer)
    int descriptors = 0;  ///< of at most DmaSpec::max_descriptor bytes
    bool writes_dram = false;
};
DmaDemand dma_demand(const hw::ChipSpec& spec, const program::Instruction& instruction);

}  // namespace infsim::cost
