// Private to flow: from measurements to the members of a record.
#pragma once

#include <vector>

#include "analysis/roofline.hpp"
#include "compiler/compile.hpp"
#include "flow/run/closed_loop.hpp"
#include "flow/run/run_point.hpp"
#include "record/record.hpp"
#include "stats/layers.hpp"
#include "stats/stall_accounts.hpp"
#include "stats/traffic.hpp"

namespace infsim::flow {

/// The compiler's reason for a point that does not fit, with the status.
void fill_infeasible(record::RunRecord& r, const compiler::DoesNotFit& why);
/// Throughput, latencies, service times. The record must have its batch size.
void fill_measured(record::RunRecord& r, const Measurement& measurement, const chip::Completion& alone);
/// The figures of the `index`-th set of start offsets, and the spread over all sets.
OffsetSet offset_set(const Point& point, const Measurement& measurement, std::size_t index);
void fill_spread(record::RunRecord& r, const std::vector<OffsetSet>& sets);
/// Where each engine's time went; checks that the parts add up.
void fill_engines(record::RunRecord& r, const stats::StallAccounts& stalls,
                  const std::vector<stats::InferenceRange>& measured);
/// Bytes, DRAM utilisation and the roofline. `inferences_per_second`: of all cores. The record must have its cores.
void fill_demand(record::RunRecord& r, const hw::ChipSpec& spec, const analysis::Demand& demand,
                 const stats::TrafficBytes& traffic, double inferences_per_second);
/// Size of the program and the compiler's figures of the state buffer. After fill_demand.
void fill_program(record::RunRecord& r, const compiler::Compiled& compiled);

}  // namespace infsim::flow
