// Reads a section of a chip file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "hw/load.hpp"

namespace infsim::hw {

/// Reads one section, whose members are graded numbers, and records where each number comes from.
class Section {
public:
    Section(json::ObjectReader& parent, std::string_view key, std::vector<Provenance>& provenance)
        : Section(parent.required(key), std::string(key), provenance) {}
    Section(Section& parent, std::string_view key)
        : Section(parent.present_ ? parent.reader_->required(key) : std::nullopt, parent.path_ + "." + std::string(key),
                  parent.provenance_) {}

    template <class Q>
    Q quantity(std::string_view key, json::Range<Q> range) {
        return graded<Q>(key, [&](const json::Cursor& value) { return value.quantity<Q>(range); });
    }
    int integer(std::string_view key, int min, int max) {
        return static_cast<int>(
            graded<std::int64_t>(key, [&](const json::Cursor& value) { return value.integer(min, max); }));
    }
    std::string text(std::string_view key) {
        return graded<std::string>(key, [&](const json::Cursor& value) { return value.string(); });
    }
    /// A number in (0, 1].
    double fraction(std::string_view key) {
        return graded<double>(key, [&](const json::Cursor& value) -> std::optional<double> {
            const auto x = value.number(json::lowest, json::highest);
            if (x && (*x <= 0.0 || *x > 1.0)) value.problem("must be above 0 and at most 1, and is " + number_text(*x));
            return x;
        });
    }
    std::string choice(std::string_view key, const std::vector<std::string>& allowed) {
        return present_ ? reader_->choice(key, allowed) : "";
    }
    /// Numbers that a chip may lack.
    template <class Q>
    std::optional<Q> optional_quantity(std::string_view key, json::Range<Q> range) {
        return has(key) ? std::optional<Q>(quantity<Q>(key, range)) : std::nullopt;
    }
    std::optional<int> optional_integer(std::string_view key, int min, int max) {
        return has(key) ? std::optional<int>(integer(key, min, max)) : std::nullopt;
    }
    bool optional_boolean(std::string_view key) {
        return has(key) && graded<bool>(key, [](const json::Cursor& value) { return value.boolean(); });
    }
    /// A list; `read` reads one element, and has reported the problem if it returns nothing.
    template <class T, class Read>
    std::vector<T> list(std::string_view key, Read read) {
        return graded<std::vector<T>>(key, [&](const json::Cursor& value) {
            std::optional<std::vector<T>> elements;
            if (const auto places = value.array()) {
                elements.emplace();
                for (const json::Cursor& place : *places)
                    if (auto element = read(place)) elements->push_back(std::move(*element));
            }
            return elements;
        });
    }
    bool has(std::string_view key) const { return present_ && reader_->has(key); }
    /// A member whose value no longer matters, because a problem was reported: finish() does not complain about it.
    void ignore(std::string_view key) {
        if (present_) reader_->optional(key);
    }
    void problem(std::string_view key, std::string what) {
        if (present_) reader_->problem(key, std::move(what));
    }
    void finish() {
        if (present_) reader_->finish();
    }

private:
    Section(std::optional<json::Cursor> cursor, std::string path, std::vector<Provenance>& provenance)
        : present_(cursor.has_value()), path_(std::move(path)), provenance_(provenance) {
        if (cursor) reader_.emplace(*cursor);
    }

    template <class T, class Read>
    T graded(std::string_view key, Read read) {
        const auto place = present_ ? reader_->required(key) : std::nullopt;
        return place ? read_graded<T>(*place, path_ + "." + std::string(key), provenance_, read) : T{};
    }

public:
    /// Reads {"value", "grade", "source"} at `place`; `read` reads the value.
    template <class T, class Read>
    static T read_graded(const json::Cursor& place, std::string path, std::vector<Provenance>& provenance, Read read) {
        json::ObjectReader reader(place);
        const auto value = reader.required("value");
        const Origin origin = read_origin(reader);
        reader.finish();
        if (!value) return T{};
        const json::Value& text = value->value();
        provenance.push_back(
            {std::move(path), text.is_string() ? text.as_string() : json::dump(text, 0), origin.grade, origin.source});
        return read(*value).value_or(T{});
    }

    /// Where a number comes from. A missing or wrong part is reported; a missing one is empty.
    struct Origin {
        std::string grade, source;
    };
    /// Reads and checks the members "grade" and "source".
    static Origin read_origin(json::ObjectReader& reader) {
        const std::optional<std::string> grade = read_text(reader, "grade"), source = read_text(reader, "source");
        if (grade && source) check_origin(reader, *grade, *source);
        return {grade.value_or(""), source.value_or("")};
    }

private:
    static std::optional<std::string> read_text(json::ObjectReader& reader, std::string_view key) {
        const auto place = reader.required(key);
        return place ? place->string() : std::nullopt;
    }

    static void check_origin(const json::ObjectReader& reader, const std::string& grades, const std::string& source);

    bool present_;
    std::optional<json::ObjectReader> reader_;
    std::string path_;
    std::vector<Provenance>& provenance_;
};

}  // namespace infsim::hw
