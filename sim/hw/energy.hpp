// The energy cost of work. These numbers are not public for any chip, so each is a range. One that a chip file leaves
// out is unknown, which is not 0. No time depends on them: they are separate from ChipSpec and not part of a chip's
// identity.
#pragma once

#include <optional>

#include "base/dtype.hpp"

namespace infsim::hw {

/// From `low` to `high`, both at least 0, in the unit stated for the member.
struct EnergyRange {
    double low = 0, high = 0;
};

struct EnergySpec {
    std::optional<EnergyRange> mac_fp16, mac_bf16, mac_fp32;  ///< pJ per multiply-accumulate on operands of that type
    std::optional<EnergyRange> state_buffer, psum;            ///< pJ per byte read or written
    std::optional<EnergyRange> dram;                          ///< pJ per byte to or from device DRAM
    std::optional<EnergyRange> host_link;                     ///< pJ per byte to or from the host
    std::optional<EnergyRange> static_power;                  ///< W of the whole chip, whatever it does
};

}  // namespace infsim::hw
