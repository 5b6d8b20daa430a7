#include "explore/axis_values.hpp"

#include <cmath>

#include "base/quantity.hpp"
#include "base/text.hpp"

namespace infsim::explore {

namespace {

constexpr double kMostValues = 100'000;

/// Both ends of a range, with one unit.
struct Ends {
    Amount low, high;
};
std::optional<Ends> ends_of(const json::Cursor& low, const json::Cursor& high) {
    const auto first = low.amount(), last = high.amount();
    if (!first || !last) return std::nullopt;
    if (first->unit != last->unit) high.problem("must have the unit of the other end, '" + first->unit + "'");
    else if (last->number < first->number) high.problem("is less than the other end");
    else return Ends{*first, *last};
    return std::nullopt;
}

std::vector<json::Value> refused(const json::Cursor& place, std::string what) {
    place.problem(std::move(what));
    return {};
}

json::Value value_of(double number, const std::string& unit) {
    const bool whole = number == std::floor(number) && std::abs(number) < 9e15;
    const std::string text = whole ? number_text(static_cast<std::int64_t>(number)) : number_text(number);
    if (!unit.empty()) return text + unit;
    return whole ? json::Value(static_cast<std::int64_t>(number)) : json::Value(number);
}

std::vector<json::Value> steps(json::ObjectReader& reader) {
    const auto from = reader.required("from"), to = reader.required("to"), step = reader.required("step");
    reader.finish();
    if (!from || !to || !step) return {};
    const auto ends = ends_of(*from, *to);
    const auto width = step->amount();
    if (!ends || !width) return {};
    if (width->unit != ends->low.unit)
        return refused(*step, "must have the unit of the ends, '" + ends->low.unit + "'");
    if (width->number <= 0) return refused(*step, "must be above 0");
    const double count = std::floor((ends->high.number - ends->low.number) / width->number + 1e-9) + 1;
    if (count > kMostValues) return refused(*step, "makes more than 100000 values");
    std::vector<json::Value> values;
    for (int i = 0; i < count; ++i) {
        // Twelve digits, so that 0.1 + 2 * 0.1 is 0.3.
        const double exact = ends->low.number + i * width->number;
        const double scale = std::pow(10.0, 11 - std::floor(std::log10(std::max(std::abs(exact), 1e-300))));
        values.push_back(value_of(exact == 0 ? 0 : std::round(exact * scale) / scale, ends->low.unit));
    }
    return values;
}

std::vector<json::Value> doublings(json::ObjectReader& reader) {
    const auto place = reader.required("powers_of_two");
    reader.finish();
    const auto ends = place ? place->array() : std::nullopt;
    if (!ends) return {};
    if (ends->size() != 2) return refused(*place, "must be [first, last]");
    const auto range = ends_of((*ends)[0], (*ends)[1]);
    if (!range) return {};
    int exponent = 0;
    if (range->low.number <= 0 || std::frexp(range->low.number, &exponent) != 0.5)
        return refused((*ends)[0], "must be a power of two");
    std::vector<json::Value> values;
    for (double x = range->low.number; x <= range->high.number; x *= 2) values.push_back(value_of(x, range->low.unit));
    return values;
}

}  // namespace

std::vector<json::Value> axis_values(const json::Cursor& place) {
    if (place.value().is_array()) {
        if (place.value().as_array().empty()) place.problem("must hold at least one value");
        return place.value().as_array();
    }
    if (!place.value().is_object()) {
        place.problem("must be an array, {\"from\", \"to\", \"step\"} or {\"powers_of_two\": [first, last]}, and is " +
                      std::string(place.value().kind()));
        return {};
    }
    const std::size_t before = place.problems().list().size();
    json::ObjectReader reader(place);
    auto values = reader.has("powers_of_two") ? doublings(reader) : steps(reader);
    return place.problems().list().size() == before ? std::move(values) : std::vector<json::Value>{};
}

std::string value_text(const json::Value& value) {
    return value.is_string() ? value.as_string() : json::dump(value, 0);
}

}  // namespace infsim::explore
