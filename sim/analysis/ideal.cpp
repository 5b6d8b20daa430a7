#include "analysis/ideal.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/roofline.hpp"
#include "base/check.hpp"
#include "hw/derived.hpp"

namespace infsim::analysis {

Duration ideal_time(const hw::ChipSpec& spec, DType dtype, int cores, const NeededWork& work) {
    INFSIM_CHECK(cores > 0, "an ideal time needs cores");
    constexpr double kPicoseconds = 1e12;
    const double compute = static_cast<double>(work.macs) / hw::peak_macs_per_second(spec, dtype);
    const Duration array{std::llround(compute * kPicoseconds)};
    return std::max(array, work.bytes / fair_share(spec, cores));
}

}  // namespace infsim::analysis
