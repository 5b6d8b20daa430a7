// Which part of a run a trace covers.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/quantity.hpp"
#include "base/units.hpp"

namespace infsim::stats {

/// The last `count` measured inferences of each core; if fewer were measured, earlier ones too.
struct LastInferences {
    int count = 1;
};
/// All inferences in progress between two times since the start of the chip, each as a whole.
struct TimeSpan {
    TimePoint from{}, until{};
};
using TraceWindow = std::variant<LastInferences, TimeSpan>;

/// "3" or "10ms..20ms".
Parsed<TraceWindow> parse_trace_window(std::string_view text);
std::string to_text(const TraceWindow& window);

}  // namespace infsim::stats
