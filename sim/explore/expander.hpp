// The points of a sweep file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explore/sweep_file.hpp"

namespace infsim::explore {

/// One point of a sweep: what to run, and the axes' values as text, in axis order.
struct SweepPoint {
    flow::PointRequest request;
    std::vector<std::string> axis_values;
};

/// Turns choices into points, one at a time.
class Expander {
public:
    /// Checks the kind of every value of `sweep`; problems are located at the value.
    Expander(const Sweep& sweep, Problems& problems);
    /// Empty if a value is wrong. Paths are relative to the sweep file.
    std::optional<SweepPoint> point(const Choice& choice) const;

private:
    const Sweep& sweep_;
    SweepPoint base_;
    std::vector<std::vector<bool>> good_;  ///< values of each axis
};

/// All points in table order.
std::vector<SweepPoint> expand(const Sweep& sweep, Problems& problems);

/// Where the sweep sets `key` for a point: its base entry, or the point's value on the axis. Empty for a key that the
/// sweep does not mention.
std::optional<flow::Setting> source_of(const Sweep& sweep, const SweepPoint& point, const std::string& key);

}  // namespace infsim::explore
