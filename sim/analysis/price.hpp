// What inferences cost.
#pragma once

namespace infsim::analysis {

/// Effective hourly price of an inf1.xlarge (one Inferentia chip), one-year reserved, in USD.
constexpr double kInf1XlargeUsdPerHour = 0.110;

/// USD per million items at `items_per_second` (> 0) on one such instance.
constexpr double usd_per_million(double items_per_second) {
    return kInf1XlargeUsdPerHour / 3600 / items_per_second * 1e6;
}

}  // namespace infsim::analysis
