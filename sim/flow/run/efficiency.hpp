// Private to flow: how far an inference is from the minimum of its network, and which layers are to blame.
#pragma once

#include <vector>

#include "analysis/ideal.hpp"
#include "analysis/roofline.hpp"
#include "analysis/why_slow.hpp"
#include "flow/run/run_point.hpp"
#include "program/program.hpp"
#include "stats/layer_shares.hpp"

namespace infsim::flow {

/// The minimum need of one inference of the point's network with any program. `demand`: of its program, for the bytes
/// of graph inputs and outputs, which are the same in all programs.
analysis::NeededWork needed_work(const Point& point, const analysis::Demand& demand);

/// Where the time of an inference of `program` went, by layer. `shares` and `rows`: measurements.
std::vector<analysis::LayerTime> layer_times(const Point& point, const program::Program& program,
                                             const std::vector<stats::ActivityTimes>& shares,
                                             const std::vector<stats::LayerRow>& rows);

/// The causes of its time. Sets ideal_ms, efficiency and, if that is low, why_slow in its record, which must have its
/// service time.
void fill_efficiency(PointResult& result, const Point& point, const program::Program& program,
                     const analysis::Demand& demand, const stats::LayerShares& shares);

}  // namespace infsim::flow
