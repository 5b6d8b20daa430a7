// A step function of time in a fixed number of bins.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

/// Mean and maximum of a step function over bins of equal width. The width doubles whenever the bins no longer suffice,
/// so that a run of any length uses between kBins / 2 and kBins of them. Integrals are exact.
class Series {
public:
    static constexpr std::size_t kBins = 512;

    /// The value becomes `value` at `now`, which never decreases.
    void set(TimePoint now, std::int64_t value) {
        if (now > at_) extend(now);
        value_ = value;
        if (value > bins_.back().max) bins_.back().max = value;
        if (value > max_) max_ = value;
    }
    std::int64_t value() const { return value_; }
    std::int64_t max() const { return max_; }
    /// Integral from the origin to the last set(), in value x picoseconds.
    Int128 integral() const { return integral_; }

    struct Bin {
        Int128 integral = 0;
        std::int64_t max = 0;
    };
    const std::vector<Bin>& bins() const { return bins_; }
    Duration width() const { return width_; }
    TimePoint end() const { return at_; }
    /// Mean over the part [from, to] of the time until `until`, in whole bins.
    double mean(double from, double to, TimePoint until) const;

private:
    void extend(TimePoint now);
    void merge();

    std::vector<Bin> bins_{1};
    Duration width_ = microseconds(1);
    TimePoint at_{};
    std::int64_t value_ = 0, max_ = 0;
    Int128 integral_ = 0;
};

}  // namespace infsim::serving
