// The demand of a Program on the chip, and the checks of a finished run against it.
#pragma once

#include "analysis/roofline.hpp"
#include "flow/run/closed_loop.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"
#include "stats/stall_accounts.hpp"
#include "stats/traffic.hpp"

namespace infsim::flow {

/// Engine occupancies and bytes of one inference of `program`, uncontended.
analysis::Demand demand_of(const hw::ChipSpec& spec, const program::Program& program);

/// Throws InternalError if a run beats physics or lost bytes: an inference faster than its own
/// engines or the core's DMA ceiling, all measured inferences together faster than the DRAM channels, or
/// traffic of a measured inference that differs from what the program moves.
void check_bounds(const hw::ChipSpec& spec, const analysis::Demand& demand, const stats::TrafficBytes& expected,
                  const stats::Traffic& traffic, const Measurement& measurement);

/// Which inferences of which cores were measured.
std::vector<stats::InferenceRange> measured_ranges(const Measurement& measurement);

}  // namespace infsim::flow
