#include "base/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace infsim {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;  // base units per unit
};

/// A table of units, decimal ones before binary ones and each kind from small to large.
struct Units {
    const Unit* first;
    const Unit* last;
    const Unit* begin() const { return first; }
    const Unit* end() const { return last; }
};
template <std::size_t N>
constexpr Units units_of(const Unit (&table)[N]) {
    return {table, table + N};
}

/// The units of a quantity and its names in messages.
struct Scale {
    std::string_view kind;
    std::string_view base;
    std::string_view example;
    Units units;
};

constexpr std::int64_t ki = 1024, mi = ki * 1024, gi = mi * 1024, ti = gi * 1024;
constexpr std::int64_t k = 1000, m = k * 1000, g = m * 1000, t = g * 1000;

// clang-format off
constexpr Unit duration_units[] = {{"ps", 1}, {"ns", k}, {"us", m}, {"ms", g}, {"s", t}};
constexpr Unit byte_units[] = {{"B", 1}, {"kB", k}, {"MB", m}, {"GB", g}, {"TB", t},
                               {"KiB", ki}, {"MiB", mi}, {"GiB", gi}, {"TiB", ti}};
constexpr Unit bandwidth_units[] = {{"B/s", 1}, {"kB/s", k}, {"MB/s", m}, {"GB/s", g}, {"TB/s", t},
                                    {"KiB/s", ki}, {"MiB/s", mi}, {"GiB/s", gi}, {"TiB/s", ti}};
constexpr Unit frequency_units[] = {{"Hz", 1}, {"kHz", k}, {"MHz", m}, {"GHz", g}};
constexpr Unit cycle_units[] = {{"cycles", 1}, {"cycle", 1}};
// clang-format on

template <class Q>
Scale scale();
template <>
Scale scale<Duration>() {
    return {"duration", "picoseconds", "1.3us", units_of(duration_units)};
}
template <>
Scale scale<Bytes>() {
    return {"size", "bytes", "96KiB", units_of(byte_units)};
}
template <>
Scale scale<Bandwidth>() {
    return {"bandwidth", "bytes per second", "25.6GB/s", units_of(bandwidth_units)};
}
template <>
Scale scale<Frequency>() {
    return {"frequency", "hertz", "0.977GHz", units_of(frequency_units)};
}
template <>
Scale scale<Cycles>() {
    return {"number of cycles", "cycles", "128cycles", units_of(cycle_units)};
}

std::string unit_names(const Scale& scale) {
    std::string names;
    for (const Unit& unit : scale.units) names += (names.empty() ? "" : " ") + std::string(unit.name);
    return names;
}

/// An unsigned decimal: digits * 10^-places, with enough digits for any sensible input.
struct Decimal {
    Int128 digits = 0;
    int places = 0;
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Removes a number from the front of `text`; empty if there is none or it has more than 24 digits (64-bit
/// integers have 19; 24 digits times the largest unit still fit 128 bits).
std::optional<Decimal> take_decimal(std::string_view& text) {
    Decimal number;
    int count = 0;
    bool point = false, digit = false;
    while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !point))) {
        if (text.front() == '.') {
            point = true;
        } else {
            digit = true;
            number.digits = number.digits * 10 + (text.front() - '0');
            number.places += point;
            if (number.digits != 0 && ++count > 24) return std::nullopt;
        }
        text.remove_prefix(1);
    }
    if (!digit || number.places > 24) return std::nullopt;
    return number;
}

/// The whole number of base units in `text`, or an error text.
Parsed<Duration> parse_scaled(std::string_view text, const Scale& scale) {
    const auto wrong = [&](std::string_view why) {
        return Parsed<Duration>{std::nullopt, fmt::format("'{}' is not a {}: {}; write it like \"{}\"", text,
                                                          scale.kind, why, scale.example)};
    };
    std::string_view rest = text;
    if (!rest.empty() && rest.front() == '-') return wrong("it is negative");
    const auto number = take_decimal(rest);
    if (!number) return wrong("it does not start with a decimal number of at most 24 digits");
    if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    const Unit* unit = nullptr;
    for (const Unit& candidate : scale.units)
        if (candidate.name == rest) unit = &candidate;
    if (rest.empty()) return wrong("the unit is missing, one of " + unit_names(scale));
    if (!unit) return wrong(fmt::format("unit '{}' is none of {}", rest, unit_names(scale)));

    Int128 value = number->digits * unit->factor;
    for (int place = 0; place < number->places; ++place) {
        if (value % 10 != 0) return wrong(fmt::format("it is not a whole number of {}", scale.base));
        value /= 10;
    }
    if (value > std::numeric_limits<std::int64_t>::max())
        return wrong(fmt::format("it is more than {} {}", std::numeric_limits<std::int64_t>::max(), scale.base));
    return {Duration{static_cast<std::int64_t>(value)}, {}};
}

/// n / factor as an exact decimal. A factor is a product of twos and fives, so the expansion is finite.
std::string exact_quotient(std::int64_t n, std::int64_t factor) {
    std::string text = std::to_string(n / factor);
    Int128 rest = n % factor;
    if (rest != 0) text += '.';
    while (rest != 0) {
        rest *= 10;
        text += static_cast<char>('0' + static_cast<int>(rest / factor));
        rest %= factor;
    }
    return text;
}

/// The shortest of the exact texts, in the larger unit on a tie.
std::string format_scaled(std::int64_t n, const Scale& scale) {
    if (n < 0) return "-" + format_scaled(-n, scale);
    std::string best;
    for (const Unit& unit : scale.units) {
        if (unit.factor > 1 && n < unit.factor) continue;
        std::string text = exact_quotient(n, unit.factor) + std::string(unit.name);
        if (best.empty() || text.size() <= best.size()) best = std::move(text);
    }
    return best;
}

}  // namespace

template <class Q>
Parsed<Q> parse_quantity(std::string_view text) {
    const auto parsed = parse_scaled(text, scale<Q>());
    if (!parsed) return {std::nullopt, parsed.error};
    return {Q{parsed.value->count()}, {}};
}

template Parsed<Duration> parse_quantity(std::string_view);
template Parsed<Bytes> parse_quantity(std::string_view);
template Parsed<Bandwidth> parse_quantity(std::string_view);
template Parsed<Frequency> parse_quantity(std::string_view);
template Parsed<Cycles> parse_quantity(std::string_view);

std::string to_text(Duration d) { return format_scaled(d.count(), scale<Duration>()); }
std::string to_text(Bytes b) { return format_scaled(b.count(), scale<Bytes>()); }
std::string to_text(Bandwidth w) { return format_scaled(w.count(), scale<Bandwidth>()); }
std::string to_text(Frequency f) { return format_scaled(f.count(), scale<Frequency>()); }
std::string to_text(Cycles c) { return std::to_string(c.count()) + (c.count() == 1 ? "cycle" : "cycles"); }

std::optional<Amount> parse_amount(std::string_view text) {
    Amount amount;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
    if (error != std::errc{} || !std::isfinite(amount.number)) return std::nullopt;
    amount.unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
    return amount;
}

}  // namespace infsim
