// Quantities as text with their unit: "0.977GHz", "96KiB", "25.6GB/s", "1.3us", "128cycles".
//
// Reading is exact decimal arithmetic: a value that is not a whole number of base units (picoseconds,
// bytes, bytes per second, hertz, cycles) is refused rather than rounded, and so is one that exceeds 64 bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace infsim {

/// A quantity, or a message with what is wrong and what would be right.
template <class Q>
struct Parsed {
    std::optional<Q> value;
    std::string error;
    explicit operator bool() const { return value.has_value(); }
};

/// Number, optional blank, unit. Units: ps ns us ms s | B KiB MiB GiB TiB kB MB GB TB | the same with /s |
/// Hz kHz MHz GHz | cycle(s). Instantiated for Duration, Bytes, Bandwidth, Frequency and Cycles.
template <class Q>
Parsed<Q> parse_quantity(std::string_view text);

/// "21.4GB/s" as 21.4 and "GB/s", "0.874" as 0.874 and "": for a text of any kind of quantity.
struct Amount {
    double number = 0;
    std::string unit;
};
/// Empty if the text does not begin with a finite number.
std::optional<Amount> parse_amount(std::string_view text);

/// The shortest exact text; parse_quantity gives the same quantity back.
std::string to_text(Duration d);
std::string to_text(Bytes b);
std::string to_text(Bandwidth w);
std::string to_text(Frequency f);
std::string to_text(Cycles c);

/// The whole number of base units; the inverse of constructing from one.
constexpr std::int64_t base_units(Duration d) { return d.count(); }
template <class Q>
constexpr std::int64_t base_units(Quantity<Q> q) {
    return q.count();
}

}  // namespace infsim
