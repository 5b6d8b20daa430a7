// What an item costs in energy, from what a record counts and from what a chip file says of energy.
#pragma once

#include <string>

#include "hw/energy.hpp"
#include "record/record.hpp"

namespace infsim::analysis {

/// Fills the energy columns of a record that ran (status ok), in millijoules per item: counts of an inference times
/// energy per count, over its items, and the static power of the chip over the time of an item at the measured
/// throughput, however many cores are in use. A part whose energy the chip file leaves out is empty, never 0, and so is
/// the total then; energy_missing names the keys. Other records are left as they are.
void fill_energy(record::RunRecord& r, const hw::EnergySpec& spec);

}  // namespace infsim::analysis
