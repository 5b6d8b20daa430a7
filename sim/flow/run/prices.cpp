#include "flow/run/prices.hpp"

#include <algorithm>
#include <cctype>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "flow/point/paths.hpp"

namespace infsim::flow {

namespace {

constexpr const char* kUnknown = "unknown";
constexpr int kMostChips = 1024;
/// No chip costs more than this per hour.
constexpr double kMostUsdPerHour = 1e6;

bool is_date(const std::string& text) {
    if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

std::string text_of(json::ObjectReader& reader, const char* key) {
    std::string text = reader.string(key);
    if (reader.has(key) && text.empty()) reader.problem(key, "must not be empty; use \"unknown\" if it is not known");
    return text;
}

bool is_price(double usd) { return usd > 0 && usd <= kMostUsdPerHour; }

std::string must_be_price(double usd) {
    return "must be above 0 and at most " + number_text(kMostUsdPerHour) + " USD, and is " + number_text(usd);
}

Price read_price(const json::Cursor& place) {
    json::ObjectReader reader(place);
    Price p;
    p.id = text_of(reader, "id");
    p.instance = text_of(reader, "instance");
    p.chips = static_cast<int>(reader.integer("chips", 1, kMostChips));
    p.region = text_of(reader, "region");
    p.terms = text_of(reader, "terms");
    if (const auto usd = reader.required("usd_per_hour"))
        if (const auto value = usd->number(json::lowest, json::highest)) {
            p.usd_per_hour = *value;
            if (!is_price(*value)) usd->problem(must_be_price(*value));
        }
    p.date = text_of(reader, "date");
    if (!p.date.empty() && p.date != kUnknown && !is_date(p.date))
        reader.problem("date", "must be YYYY, YYYY-MM, YYYY-MM-DD or \"unknown\", and is '" + p.date + "'");
    p.source = text_of(reader, "source");
    reader.finish();
    return p;
}

const Price* find(const PriceList& list, const std::string& id) {
    const auto found = std::find_if(list.prices.begin(), list.prices.end(), [&](const Price& p) { return p.id == id; });
    return found == list.prices.end() ? nullptr : &*found;
}

std::string no_price(const PriceList& list, const std::string& id) {
    std::vector<std::string> ids;
    for (const Price& p : list.prices) ids.push_back(p.id);
    return "'" + id + "' is not a price in the list" + suggestion(id, ids);
}

PriceTag tag_of(const Price& p) { return {p.usd_per_hour / p.chips, p.id}; }

void read_defaults(const json::Cursor& place, PriceList& list) {
    if (!place.is_object()) {
        place.problem("must be an object from names of chips to ids of prices, and is " +
                      std::string(place.value().kind()));
        return;
    }
    for (const json::Member& member : place.value().as_object()) {
        const json::Cursor entry = place.member(member.first, member.second);
        const auto id = entry.string();
        if (!id) continue;
        if (find(list, *id) == nullptr) entry.problem(no_price(list, *id));
        list.defaults[member.first] = *id;
    }
}

}  // namespace

std::optional<PriceList> read_prices(const json::Document& document, Problems& problems) {
    Problems found;
    PriceList list;
    json::ObjectReader reader(json::Cursor(document, found));
    for (const json::Cursor& place : reader.array("prices")) {
        Price price = read_price(place);
        if (find(list, price.id) != nullptr && !price.id.empty())
            place.problem("is the second price with the id '" + price.id + "'");
        list.prices.push_back(std::move(price));
    }
    if (const auto defaults = reader.required("default")) read_defaults(*defaults, list);
    reader.finish();
    for (const Problem& p : found.list()) problems.add(p);
    return found.empty() ? std::optional{std::move(list)} : std::nullopt;
}

std::optional<PriceTag> price_of(const Prices& prices, const std::string& chip) {
    if (prices.of_any) return prices.of_any;
    const auto found = prices.by_chip.find(chip);
    return found == prices.by_chip.end() ? std::nullopt : std::optional{found->second};
}

Prices chosen(const PriceList& list, const std::string& id, Problems& problems) {
    Prices prices;
    if (id.empty()) {
        for (const auto& [chip, own] : list.defaults) prices.by_chip[chip] = tag_of(*find(list, own));
        return prices;
    }
    const Price* const price = find(list, id);
    if (price == nullptr) problems.add("", "--price", no_price(list, id));
    else prices.of_any = tag_of(*price);
    return prices;
}

Prices load_prices(const PriceChoice& choice, Problems& problems) {
    if (choice.usd_per_hour) {
        if (!choice.id.empty()) problems.add("", "--price", "and --price-per-hour exclude each other");
        if (!is_price(*choice.usd_per_hour)) problems.add("", "--price-per-hour", must_be_price(*choice.usd_per_hour));
        return {{}, PriceTag{*choice.usd_per_hour, "as given"}};
    }
    Problems of_file;
    const auto document = json::parse_file(prices_path(), of_file);
    const auto list = document ? read_prices(*document, of_file) : std::nullopt;
    for (const Problem& p : of_file.list()) problems.add(p);
    return list ? chosen(*list, choice.id, problems) : Prices{};
}

}  // namespace infsim::flow
