// spill + rematerialize: writes into the code how buffers leave the state buffer for a while.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/dry_run.hpp"
#include "compiler/memory/evictions.hpp"
#include "compiler/outcome.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct SpillReport {
    std::vector<SpilledTensor> tensors;        ///< buffers that were saved, in order
    std::int64_t reissued_bytes = 0;           ///< read again by reissued loads
    std::int64_t recomputed_instructions = 0;  ///< additional instructions that recompute buffers
    Duration recompute_time{};                 ///< for which they occupy ACT and POOL
};

struct Spilled {
    Code code;
    SpillReport report;
    std::vector<std::int32_t> position;  ///< where each instruction of evicted_liveness() begins in the code
};

/// Carries out `evictions` (as choose_evictions returns them for `dry_run`, that of the code). After the last use
/// before the gap, the written bytes go to the segment "spill" in `region`, unless it holds them already. Before the
/// next use they return into a fresh buffer: as a load that may move up, but not above the save, or by the instructions
/// of a recipe. Space in the segment is reused when nobody needs it.
Spilled apply_evictions(Code code, const DryRun& dry_run, const std::vector<Eviction>& evictions, int region);

}  // namespace infsim::compiler
