#include "base/json_reader.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace infsim::json {
namespace {
std::string must_be(std::string_view wanted, const Value& value) {
    return fmt::format("must be {}, and is {}", wanted, value.kind());
}

std::string bounds(const std::string& min, const std::string& max, bool has_min, bool has_max) {
    if (has_min && has_max) return fmt::format("from {} to {}", min, max);
    return has_min ? "at least " + min : "at most " + max;
}

/// "1 to 64", "at least 0"; "" if anything is allowed.
std::string range_text(const std::string& min, const std::string& max, bool has_min, bool has_max) {
    if (!has_min && !has_max) return "";
    const std::string text = bounds(min, max, has_min, has_max);
    return has_min && has_max ? text.substr(std::string_view("from ").size()) : text;
}
}  // namespace

void Cursor::asked(const char* type, const std::string& range) const {
    if (log_ == nullptr) return;
    AskedKey& key = log_->at(pointer_);
    key.type = type;
    key.range = range;
}

std::optional<std::string> Cursor::string() const {
    asked("text");
    if (value_->is_string()) return value_->as_string();
    problem(must_be("a string", *value_));
    return std::nullopt;
}

std::optional<std::string> Cursor::choice(const std::vector<std::string>& allowed) const {
    auto text = string();
    asked("word", join(allowed, ", "));
    if (!text) return std::nullopt;
    for (const std::string& option : allowed)
        if (option == *text) return text;
    problem(fmt::format("'{}' is not allowed{}", *text, suggestion(*text, allowed)));
    return std::nullopt;
}

std::optional<std::int64_t> Cursor::integer(std::int64_t min, std::int64_t max) const {
    asked("integer", range_text(number_text(min), number_text(max), min != min_int, max != max_int));
    if (!value_->is_int()) {
        problem(must_be("an integer", *value_));
        return std::nullopt;
    }
    const std::int64_t n = value_->as_int();
    if (n >= min && n <= max) return n;
    problem(fmt::format("must be {}, and is {}",
                        bounds(number_text(min), number_text(max), min != min_int, max != max_int), n));
    return std::nullopt;
}

std::optional<double> Cursor::number(double min, double max) const {
    asked("number", range_text(number_text(min), number_text(max), min != lowest, max != highest));
    if (!value_->is_number()) {
        problem(must_be("a number", *value_));
        return std::nullopt;
    }
    const double x = value_->as_number();
    if (x >= min && x <= max) return x;
    problem(fmt::format("must be {}, and is {}",
                        bounds(number_text(min), number_text(max), min != lowest, max != highest), number_text(x)));
    return std::nullopt;
}

std::optional<Amount> Cursor::amount() const {
    asked("number or quantity");
    if (value_->is_number()) return Amount{value_->as_number(), ""};
    auto read = value_->is_string() ? parse_amount(value_->as_string()) : std::nullopt;
    if (!read) problem("must be a number, or text of a number and its unit such as \"21.4GB/s\"");
    return read;
}

std::optional<bool> Cursor::boolean() const {
    asked("boolean");
    if (value_->is_bool()) return value_->as_bool();
    problem(must_be("true or false", *value_));
    return std::nullopt;
}

std::optional<std::vector<Cursor>> Cursor::array() const {
    asked("list");
    if (!value_->is_array()) {
        problem(must_be("an array", *value_));
        return std::nullopt;
    }
    std::vector<Cursor> elements;
    const Array& array = value_->as_array();
    for (std::size_t i = 0; i < array.size(); ++i) elements.push_back(element(i, array[i]));
    return elements;
}

bool Cursor::is_object() const {
    asked("object");
    if (value_->is_object()) return true;
    problem(must_be("an object", *value_));
    return false;
}

ObjectReader::ObjectReader(Cursor cursor) : cursor_(std::move(cursor)), usable_(cursor_.is_object()) {}

AskedKey* ObjectReader::logged(std::string_view key) const {
    KeyLog* const log = cursor_.log();
    return log != nullptr ? &log->at(pointer_to(cursor_.pointer(), key)) : nullptr;
}

void ObjectReader::otherwise(std::string_view key, const Value& value) const {
    if (AskedKey* const asked = logged(key)) asked->otherwise = dump(value, 0);
}

bool ObjectReader::has(std::string_view key) const {
    logged(key);  // a key that is tested first is optional
    return usable_ && cursor_.value().as_object().find(key) != nullptr;
}

void ObjectReader::problem(std::string_view key, std::string what) const {
    const Value* value = usable_ ? cursor_.value().as_object().find(key) : nullptr;
    (value ? cursor_.member(key, *value) : cursor_).problem(std::move(what));
}

std::optional<Cursor> ObjectReader::optional(std::string_view key) {
    asked_.emplace(key);
    logged(key);
    if (!usable_) return std::nullopt;
    const Value* value = cursor_.value().as_object().find(key);
    if (!value) return std::nullopt;
    return cursor_.member(key, *value);
}

std::optional<Cursor> ObjectReader::required(std::string_view key) {
    if (KeyLog* const log = cursor_.log()) {
        const std::size_t before = log->keys().size();
        AskedKey& asked = log->at(pointer_to(cursor_.pointer(), key));
        asked.required = asked.required || log->keys().size() > before;
    }
    auto place = optional(key);
    if (!place && usable_) cursor_.problem(fmt::format("key '{}' is missing", key));
    return place;
}

std::string ObjectReader::string(std::string_view key) {
    const auto place = required(key);
    return place ? place->string().value_or("") : "";
}

std::string ObjectReader::string_or(std::string_view key, const std::string& fallback) {
    otherwise(key, fallback);
    const auto place = optional(key);
    return place ? place->string().value_or(fallback) : fallback;
}

std::string ObjectReader::choice(std::string_view key, const std::vector<std::string>& allowed) {
    const auto place = required(key);
    return place ? place->choice(allowed).value_or("") : "";
}

std::string ObjectReader::choice_or(std::string_view key, const std::string& fallback,
                                    const std::vector<std::string>& allowed) {
    otherwise(key, fallback);
    const auto place = optional(key);
    return place ? place->choice(allowed).value_or(fallback) : fallback;
}

std::int64_t ObjectReader::integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const auto place = required(key);
    return place ? place->integer(min, max).value_or(0) : 0;
}

std::int64_t ObjectReader::integer_or(std::string_view key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
    otherwise(key, fallback);
    const auto place = optional(key);
    return place ? place->integer(min, max).value_or(fallback) : fallback;
}

double ObjectReader::number(std::string_view key, double min, double max) {
    const auto place = required(key);
    return place ? place->number(min, max).value_or(0) : 0;
}

double ObjectReader::number_or(std::string_view key, double fallback, double min, double max) {
    otherwise(key, fallback);
    const auto place = optional(key);
    return place ? place->number(min, max).value_or(fallback) : fallback;
}

bool ObjectReader::boolean(std::string_view key) {
    const auto place = required(key);
    return place && place->boolean().value_or(false);
}

bool ObjectReader::boolean_or(std::string_view key, bool fallback) {
    otherwise(key, fallback);
    const auto place = optional(key);
    return place ? place->boolean().value_or(fallback) : fallback;
}

std::vector<Cursor> ObjectReader::array(std::string_view key) {
    const auto place = required(key);
    return place ? place->array().value_or(std::vector<Cursor>{}) : std::vector<Cursor>{};
}

std::vector<Cursor> ObjectReader::array_or_empty(std::string_view key) {
    otherwise(key, Array{});
    const auto place = optional(key);
    return place ? place->array().value_or(std::vector<Cursor>{}) : std::vector<Cursor>{};
}

void ObjectReader::finish() {
    if (!usable_) return;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    for (const Member& member : cursor_.value().as_object())
        if (asked_.find(member.first) == asked_.end())
            cursor_.member(member.first, member.second)
                .problem(fmt::format("unknown key '{}'{}", member.first, suggestion(member.first, known)));
}

}  // namespace infsim::json
