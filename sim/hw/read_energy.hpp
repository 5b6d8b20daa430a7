// Private to hw: the section `energy` of a chip file.
#pragma once

#include <vector>

#include "base/json_reader.hpp"
#include "hw/energy.hpp"
#include "hw/load.hpp"

namespace infsim::hw {

/// Reads the member `energy` of a chip file, whose members are {"low": "56pJ/B", "high": "160pJ/B", "grade", "source"}.
/// The section and each of its members may be missing. Reports problems where they occur; adds the ranges to
/// `provenance`.
EnergySpec read_energy(json::ObjectReader& chip, std::vector<Provenance>& provenance);

}  // namespace infsim::hw
