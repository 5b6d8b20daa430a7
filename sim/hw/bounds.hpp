// Bounds of what can be simulated, if several sections share them. Together they keep every time within 64-bit
// picoseconds (106 days): the longest transfer is all of the largest DRAM at the lowest bandwidth, 1.1e18 ps of 9.2e18.
#pragma once

#include "base/json_reader.hpp"
#include "base/units.hpp"

namespace infsim::hw {

constexpr json::Range<Bandwidth> bandwidths{Bandwidth{1'000'000}, Bandwidth{100'000'000'000'000}};
constexpr json::Range<Duration> delays{Duration{0}, Duration{1'000'000'000'000}};

}  // namespace infsim::hw
