// spill + rematerialize: buffers that leave the state buffer for a while, written into the code.
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
    std::vector<SpilledTensor> tensors;        ///< by buffer, those that were saved
    std::int64_t reissued_bytes = 0;           ///< read again by loads that were issued again
    std::int64_t recomputed_instructions = 0;  ///< that are there once more because a buffer is computed again
    Duration recompute_time{};                 ///< that they occupy ACT and POOL
};

struct Spilled {
    Code code;
    SpillReport report;
    std::vector<std::int32_t> position;  ///< where each instruction of evicted_liveness() begins in the code
};

/// Carries out `evictions` (as choose_evictions returns them for `dry_run`, that of the code): behind the last use
/// before the gap the written bytes go to the segment "spill" in `region`, unless it holds them already; before the
/// next use they come back into a fresh buffer, as a load that may move up, but not above the save, or by the
/// instructions of a recipe. Space in the segment is used again when nobody needs it.
Spilled apply_evictions(Code code, const DryRun& dry_run, const std::vector<Eviction>& evictions, int region);

}  // namespace infsim::compiler
