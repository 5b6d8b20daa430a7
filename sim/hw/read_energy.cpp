#include "hw/read_energy.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "hw/section.hpp"

namespace infsim::hw {
namespace {

/// Anything above can only be a wrong unit: a microjoule per byte, a megawatt per chip.
constexpr double kMost = 1e6;

struct Key {
    const char* name;
    const char* unit;
    std::optional<EnergyRange> EnergySpec::*member;
};
constexpr Key kKeys[] = {
    {"mac_fp16", "pJ", &EnergySpec::mac_fp16},     {"mac_bf16", "pJ", &EnergySpec::mac_bf16},
    {"mac_fp32", "pJ", &EnergySpec::mac_fp32},     {"state_buffer", "pJ/B", &EnergySpec::state_buffer},
    {"psum", "pJ/B", &EnergySpec::psum},           {"dram", "pJ/B", &EnergySpec::dram},
    {"host_link", "pJ/B", &EnergySpec::host_link}, {"static_power", "W", &EnergySpec::static_power}};

/// The number of "56pJ/B" if its unit is `unit`; otherwise empty, and what would be right is reported.
std::optional<double> number_with_unit(const json::Cursor& place, std::string_view unit) {
    const auto wrong = [&](const std::string& why) -> std::optional<double> {
        place.problem(fmt::format("{}; it must be a number from 0 with the unit {}, such as \"2{}\"", why, unit, unit));
        return std::nullopt;
    };
    if (!place.value().is_string()) return wrong("is " + std::string(place.value().kind()));
    const std::string& text = place.value().as_string();
    double x = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed);
    if (error != std::errc{} || x < 0 || x > kMost) return wrong("'" + text + "' cannot be");
    const std::string_view rest =
        trim(std::string_view(end, static_cast<std::size_t>(text.data() + text.size() - end)));
    if (rest.empty()) return wrong("'" + text + "' has no unit");
    if (rest != unit) return wrong(fmt::format("'{}' has the unit '{}'", text, rest));
    return x;
}

std::string as_written(const json::Cursor& place) {
    return place.value().is_string() ? place.value().as_string() : json::dump(place.value(), 0);
}

std::optional<EnergyRange> read_range(const json::Cursor& place, const Key& key, std::vector<Provenance>& provenance) {
    json::ObjectReader reader(place);
    const auto low = reader.required("low"), high = reader.required("high");
    const Section::Origin origin = Section::read_origin(reader);
    reader.finish();
    if (!low || !high) return std::nullopt;
    provenance.push_back({"energy." + std::string(key.name), as_written(*low) + " to " + as_written(*high),
                          origin.grade, origin.source});
    const auto from = number_with_unit(*low, key.unit), to = number_with_unit(*high, key.unit);
    if (!from || !to) return std::nullopt;
    if (*from > *to)
        high->problem(fmt::format("is less than 'low', {}; a range goes from low to high", as_written(*low)));
    return EnergyRange{*from, *to};
}

}  // namespace

EnergySpec read_energy(json::ObjectReader& chip, std::vector<Provenance>& provenance) {
    EnergySpec spec;
    const auto section = chip.optional("energy");
    if (!section) return spec;
    json::ObjectReader reader(*section);
    for (const Key& key : kKeys)
        if (const auto place = reader.optional(key.name)) spec.*key.member = read_range(*place, key, provenance);
    reader.finish();
    return spec;
}

}  // namespace infsim::hw
