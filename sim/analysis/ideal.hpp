// The minimum time of a network: what it has to compute and move with any compiler.
#pragma once

#include <cstdint>

#include "base/dtype.hpp"
#include "base/units.hpp"
#include "hw/spec.hpp"

namespace infsim::analysis {

/// The minimum work of one inference: no padding, no zeros, no intermediates in device DRAM.
struct NeededWork {
    std::int64_t macs = 0;  ///< true multiply-accumulates of all items
    Bytes bytes;  ///< parameters once (but for those that stay on the chip), graph inputs and outputs of all items
};

/// The larger of two times: the work at the peak of one core's array for operands of `dtype`, and the bytes at the
/// bandwidth of one of `cores` cores (its own ceiling, or its share of all channels). 0 if nothing is needed.
Duration ideal_time(const hw::ChipSpec& spec, DType dtype, int cores, const NeededWork& work);

/// Below this a record says which layers take the time, and why.
constexpr double kFarFromIdeal = 0.1;

}  // namespace infsim::analysis
