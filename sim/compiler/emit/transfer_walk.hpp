// Which element on chip corresponds to which element in device DRAM when a tensor is moved between the two.
#pragma once

#include <vector>

#include "compiler/emit/access.hpp"
#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// One free dimension of a transfer: the step from one index to the next here (on chip) and there (in DRAM), in
/// elements.
struct FreeStep {
    std::int64_t count = 1, here = 0, there = 0;
};

/// A stretch of lanes of one slot, with the offsets of its first element; lanes are `lane_there` apart in DRAM.
struct LaneRun {
    int slot = 0, lane = 0, lanes = 1;
    std::int64_t here = 0, there = 0, lane_there = 0;
};

/// A transfer of every run over all free dimensions, outermost first.
struct TransferWalk {
    std::vector<LaneRun> runs;
    std::vector<FreeStep> free;
};

/// The parts of a walk over a plane of `cols` columns that lie in rows [rows.lo, rows.hi): walks with the same offsets.
/// The walk must have been made with `keep_rows`.
std::vector<TransferWalk> within_rows(const TransferWalk& walk, std::int64_t cols, RowRange rows);

/// The walk of a tensor that lies in `view` on chip and is read or written as `there` in DRAM. `start` and `step`
/// select a part of the view's axes (empty: all of it). Offsets here count from the start of the plane of a slot's
/// group; those there include the offset of `there`. `keep_rows`: no dimension crosses its row, so that within_rows()
/// can cut the walk.
TransferWalk transfer_walk(const View& view, const Physical& phys, const Strided& there,
                           const std::vector<std::int64_t>& start, const std::vector<std::int64_t>& step,
                           bool keep_rows = false);

}  // namespace infsim::compiler
