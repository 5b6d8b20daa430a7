// The cost of inferences.
#pragma once

namespace infsim::analysis {

/// USD per million items at `items_per_second` (> 0) and `usd_per_hour`.
constexpr double usd_per_million(double usd_per_hour, double items_per_second) {
    return usd_per_hour / 3600 / items_per_second * 1e6;
}

}  // namespace infsim::analysis
