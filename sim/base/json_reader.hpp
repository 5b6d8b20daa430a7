// Strict reading of JSON values: every deviation is collected with file and JSON pointer, and reading
// continues, so that a user sees all problems of a file in one report.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.hpp"
#include "base/key_log.hpp"
#include "base/quantity.hpp"

namespace infsim::json {

/// Inclusive bounds of an accepted number or quantity.
template <class T>
struct Range {
    T min, max;
};

/// A value and its place. Refers to the Document and the Problems, which must outlive it.
class Cursor {
public:
    /// `log` records what is asked; it must outlive the cursor and all cursors made from it.
    Cursor(const Document& document, Problems& problems, KeyLog* log = nullptr)
        : value_(&document.root), file_(&document.file), problems_(&problems), log_(log) {}

    const Value& value() const { return *value_; }
    const std::string& file() const { return *file_; }
    const std::string& pointer() const { return pointer_; }
    Problems& problems() const { return *problems_; }
    KeyLog* log() const { return log_; }
    /// Adds a problem located at this value.
    void problem(std::string what) const { problems_->add(*file_, pointer_.empty() ? "/" : pointer_, std::move(what)); }

    Cursor member(std::string_view key, const Value& value) const { return {*this, value, pointer_to(pointer_, key)}; }
    Cursor element(std::size_t index, const Value& value) const { return {*this, value, pointer_to(pointer_, index)}; }

    // The content as a type; if it has another type or is out of range, reports that and returns empty.
    std::optional<std::string> string() const;
    /// A string that is one of `allowed`; reports with a suggestion otherwise.
    std::optional<std::string> choice(const std::vector<std::string>& allowed) const;
    std::optional<std::int64_t> integer(std::int64_t min, std::int64_t max) const;
    std::optional<double> number(double min, double max) const;
    /// A number, or a text with a number and a unit of any kind of quantity.
    std::optional<Amount> amount() const;
    std::optional<bool> boolean() const;
    std::optional<std::vector<Cursor>> array() const;
    /// Reports if the value is not an object.
    bool is_object() const;
    template <class Q>
    std::optional<Q> quantity(Range<Q> range) const;

private:
    Cursor(const Cursor& parent, const Value& value, std::string pointer)
        : value_(&value),
          file_(parent.file_),
          pointer_(std::move(pointer)),
          problems_(parent.problems_),
          log_(parent.log_) {}

    /// Logs what the value must be.
    void asked(const char* type, const std::string& range = "") const;

    const Value* value_;
    const std::string* file_;
    std::string pointer_;
    Problems* problems_;
    KeyLog* log_;
};

/// "time", "size", ...: the kind of a quantity.
template <class Q>
constexpr const char* kind_of_quantity() {
    if constexpr (std::is_same_v<Q, Duration>) return "time";
    else if constexpr (std::is_same_v<Q, Bytes>) return "size";
    else if constexpr (std::is_same_v<Q, Bandwidth>) return "rate";
    else if constexpr (std::is_same_v<Q, Frequency>) return "frequency";
    else return "cycles";
}

/// The quantities accepted by default: zero to the largest 64-bit value.
template <class Q>
constexpr Range<Q> any_quantity() {
    return {Q{0}, Q{std::numeric_limits<std::int64_t>::max()}};
}
constexpr std::int64_t min_int = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t max_int = std::numeric_limits<std::int64_t>::max();
constexpr double lowest = std::numeric_limits<double>::lowest();
constexpr double highest = std::numeric_limits<double>::max();

/// Reads the members of an object by key. A required member that is missing or wrong is reported and read as
/// an empty value (0, "", false, no elements), so callers continue and call Problems::throw_if_any() at the
/// end; `_or` variants return the default if the key is absent. finish() reports the keys that were never
/// asked for.
class ObjectReader {
public:
    /// Reports once if `cursor` is not an object; then every read is silent and empty.
    explicit ObjectReader(Cursor cursor);

    bool has(std::string_view key) const;
    const Cursor& cursor() const { return cursor_; }
    /// Adds a problem at a member, or at the object if it has no such member.
    void problem(std::string_view key, std::string what) const;

    std::string string(std::string_view key);
    std::string string_or(std::string_view key, const std::string& fallback);
    std::string choice(std::string_view key, const std::vector<std::string>& allowed);
    std::string choice_or(std::string_view key, const std::string& fallback, const std::vector<std::string>& allowed);
    std::int64_t integer(std::string_view key, std::int64_t min = min_int, std::int64_t max = max_int);
    std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t min = min_int,
                            std::int64_t max = max_int);
    double number(std::string_view key, double min = lowest, double max = highest);
    double number_or(std::string_view key, double fallback, double min = lowest, double max = highest);
    bool boolean(std::string_view key);
    bool boolean_or(std::string_view key, bool fallback);
    /// A quantity with its unit as text; a bare number is a problem ("the unit is missing").
    template <class Q>
    Q quantity(std::string_view key, Range<Q> range = any_quantity<Q>());
    template <class Q>
    Q quantity_or(std::string_view key, Q fallback, Range<Q> range = any_quantity<Q>());
    /// The elements, each with its place.
    std::vector<Cursor> array(std::string_view key);
    std::vector<Cursor> array_or_empty(std::string_view key);
    /// A member of any kind; empty and reported if required and missing.
    std::optional<Cursor> required(std::string_view key);
    std::optional<Cursor> optional(std::string_view key);

    /// Reports each member that was never asked for, with the known key that it resembles.
    void finish();

private:
    AskedKey* logged(std::string_view key) const;
    /// Logs the default for a missing key.
    void otherwise(std::string_view key, const Value& value) const;

    Cursor cursor_;
    bool usable_;
    std::set<std::string, std::less<>> asked_;
};

// ---- templates ----

/// Reads the quantity or reports; the non-template part of Cursor::quantity.
template <class Q>
std::optional<Q> Cursor::quantity(Range<Q> range) const {
    if (log_ != nullptr)
        asked(kind_of_quantity<Q>(), range.max.count() == any_quantity<Q>().max.count()
                                         ? ""
                                         : to_text(range.min) + " to " + to_text(range.max));
    if (!value_->is_string()) {
        problem("must be text with a unit, such as \"" + to_text(range.min == Q{0} ? Q{1} : range.min) + "\", and is " +
                std::string(value_->kind()));
        return std::nullopt;
    }
    const Parsed<Q> parsed = parse_quantity<Q>(value_->as_string());
    if (!parsed) {
        problem(parsed.error);
        return std::nullopt;
    }
    if (*parsed.value < range.min || *parsed.value > range.max) {
        problem("must be from " + to_text(range.min) + " to " + to_text(range.max) + ", and is " + value_->as_string());
        return std::nullopt;
    }
    return parsed.value;
}

template <class Q>
Q ObjectReader::quantity(std::string_view key, Range<Q> range) {
    const auto place = required(key);
    return place ? place->quantity<Q>(range).value_or(Q{0}) : Q{0};
}

template <class Q>
Q ObjectReader::quantity_or(std::string_view key, Q fallback, Range<Q> range) {
    otherwise(key, to_text(fallback));
    const auto place = optional(key);
    return place ? place->quantity<Q>(range).value_or(fallback) : fallback;
}

}  // namespace infsim::json
