// The section `dma` of a chip file.
#pragma once

#include "hw/section.hpp"
#include "hw/spec.hpp"

namespace infsim::hw {

/// The cost of short runs is stated in one of two forms: `min_row`, or `payload_curve`, a list of {"bytes": "512B",
/// "efficiency": 0.25} by ascending bytes. Efficiency is the share of an engine's bandwidth that runs of that many
/// bytes reach. Costs (bytes / efficiency) must not fall, and the last efficiency must be 1.
DmaSpec read_dma(Section dma);

}  // namespace infsim::hw
