#include "calibration/constants.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

namespace infsim::calibration {

namespace {

constexpr std::size_t kMostConstants = 16;

/// Decimals needed for multiples of `step`.
int digits_of(double step) {
    int digits = 0;
    for (double scaled = step; digits < 9 && std::abs(scaled - std::round(scaled)) > 1e-9; ++digits) scaled *= 10;
    return digits;
}

/// "21.4GB/s", 0.8.
std::optional<Amount> read_amount(json::ObjectReader& reader, const char* key) {
    const auto place = reader.required(key);
    return place ? place->amount() : std::nullopt;
}

void read_keys(json::ObjectReader& reader, FreeConstant& constant, std::set<std::string>& seen) {
    const auto items = reader.array("keys");
    if (reader.has("keys") && items.empty()) reader.problem("keys", "must name at least one key of the chip file");
    for (const json::Cursor& item : items) {
        const auto key = item.string();
        if (!key) continue;
        if (!seen.insert(*key).second) item.problem("is free already");
        constant.keys.push_back(*key);
    }
}

void check(const FreeConstant& c, json::ObjectReader& reader) {
    if (!(c.spread > 0)) reader.problem("spread", "must be above 0, and is " + number_text(c.spread));
    if (!(c.low > 0)) reader.problem("low", "must be above 0, and is " + number_text(c.low));
    if (!(c.step > 0)) reader.problem("step", "must be above 0, and is " + number_text(c.step));
    if (!(c.high > c.low)) reader.problem("high", fmt::format("must be above low, {}", number_text(c.low)));
    if (c.prior < c.low || c.prior > c.high)
        reader.problem("prior",
                       fmt::format("must be from low to high, {} to {}", number_text(c.low), number_text(c.high)));
}

std::optional<FreeConstant> read_constant(const json::Cursor& place, std::set<std::string>& seen) {
    json::ObjectReader reader(place);
    FreeConstant c;
    read_keys(reader, c, seen);
    const auto prior = read_amount(reader, "prior"), low = read_amount(reader, "low"),
               high = read_amount(reader, "high"), step = read_amount(reader, "step");
    c.spread = reader.number("spread");
    c.why = reader.string("why");
    reader.finish();
    if (!prior || !low || !high || !step) return std::nullopt;
    for (const auto& [key, amount] : {std::pair("low", low), std::pair("high", high), std::pair("step", step)})
        if (amount->unit != prior->unit)
            reader.problem(key,
                           fmt::format("must be in '{}' like the prior, and is in '{}'", prior->unit, amount->unit));
    c.unit = prior->unit;
    c.prior = prior->number, c.low = low->number, c.high = high->number, c.step = step->number;
    check(c, reader);
    return c;
}

std::vector<std::vector<std::string>> read_same_model(json::ObjectReader& reader) {
    std::vector<std::vector<std::string>> lists;
    for (const json::Cursor& list : reader.array_or_empty("same_model")) {
        lists.emplace_back();
        for (const json::Cursor& name : list.array().value_or(std::vector<json::Cursor>{}))
            lists.back().push_back(name.string().value_or(""));
        if (lists.back().empty()) list.problem("must name at least one model");
    }
    return lists;
}

}  // namespace

double FreeConstant::rounded(double x) const { return std::clamp(std::round(x / step) * step, low, high); }

std::string FreeConstant::text(double x) const { return fmt::format("{:.{}f}{}", rounded(x), digits_of(step), unit); }

json::Value FreeConstant::value(double x) const { return json::from_argument(text(x)); }

FreeConstants read_free_constants(const std::string& path, Problems& problems) {
    FreeConstants free;
    const auto document = json::parse_file(path, problems);
    if (!document) return free;
    json::ObjectReader reader(json::Cursor(*document, problems));
    free.error = reader.number_or("error", free.error);
    if (!(free.error > 0)) reader.problem("error", "must be above 0");
    free.same_model = read_same_model(reader);
    std::set<std::string> seen;
    const auto items = reader.array("free");
    if (reader.has("free") && (items.empty() || items.size() > kMostConstants))
        reader.problem("free", fmt::format("must name 1 to {} constants", kMostConstants));
    for (const json::Cursor& item : items)
        if (auto constant = read_constant(item, seen)) free.constants.push_back(std::move(*constant));
    reader.finish();
    return free;
}

std::string model_of(const FreeConstants& free, const std::string& name) {
    for (const auto& names : free.same_model)
        if (std::find(names.begin(), names.end(), name) != names.end()) return names.front();
    return name;
}

}  // namespace infsim::calibration
