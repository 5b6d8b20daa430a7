// The energy of an item, from a record's counts and a chip file's energies.
#pragma once

#include <string>

#include "hw/energy.hpp"
#include "record/record.hpp"

namespace infsim::analysis {

/// Fills the energy columns of a record that ran (status ok), in millijoules per item: counts of an inference times
/// energy per count, over its items, and the static power of the chip over the time of an item at the measured
/// throughput, whatever the number of cores in use. If the chip file lacks the energy of a part, that part and the
/// total are empty, never 0; energy_missing names the keys. Other records are not changed.
void fill_energy(record::RunRecord& r, const hw::EnergySpec& spec);

}  // namespace infsim::analysis
