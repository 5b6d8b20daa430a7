// A column of any kind of record: name, unit, meaning, and the member that it shows. The only place that turns members
// into cells and JSON and back.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/json_reader.hpp"
#include "record/record.hpp"
#include "record/table.hpp"

namespace infsim::record {

/// Reference to one member of a record, by kind.
using MemberRef = std::variant<std::string*, Integer*, Real*, Flag*, Status*>;

CellType cell_type(const MemberRef& member);
/// A cell as text without quoting: shortest round-trip numbers, empty if there is no value.
std::string cell_text(const MemberRef& member);
/// Sets a member from its cell_text; false when the text is not of the column's kind.
bool set_cell(const MemberRef& member, std::string_view text);
/// The member as a JSON value of its own type rather than text. Null if there is no value.
json::Value json_value(const MemberRef& member);
/// The inverse; adds to the problems of `place`.
void read_value(const MemberRef& member, const json::Cursor& place);

/// One column of a record of type R. `unit` is empty for names, counts and shares of one.
template <class R>
struct ColumnOf {
    std::string name;
    std::string unit;
    std::string meaning;
    std::function<MemberRef(R&)> member;
    bool rare = false;  ///< a table has such a column only if one of its records has a value
};

template <class R>
using ColumnsOf = std::vector<ColumnOf<R>>;

/// The column that shows one member.
template <class R, class T>
ColumnOf<R> column(std::string name, std::string unit, std::string meaning, T R::*member) {
    return {std::move(name), std::move(unit), std::move(meaning), [member](R& r) { return MemberRef{&(r.*member)}; }};
}

/// The member for reading; references exist only to members of mutable records.
template <class R>
MemberRef member_of(const ColumnOf<R>& column, const R& record) {
    return column.member(const_cast<R&>(record));
}

template <class R>
CellType cell_type(const ColumnOf<R>& column) {
    return cell_type(member_of(column, R{}));
}
template <class R>
std::string cell_text(const ColumnOf<R>& column, const R& record) {
    return cell_text(member_of(column, record));
}
template <class R>
bool set_cell(const ColumnOf<R>& column, R& record, std::string_view text) {
    return set_cell(column.member(record), text);
}

/// Adds the members that have a value, in the order of the columns.
template <class R>
void add_values(json::Object& object, const ColumnsOf<R>& columns, const R& record) {
    for (const ColumnOf<R>& c : columns)
        if (json::Value value = json_value(member_of(c, record)); !value.is_null())
            object.set(c.name, std::move(value));
}
/// The inverse.
template <class R>
void read_values(json::ObjectReader& reader, const ColumnsOf<R>& columns, R& record) {
    for (const ColumnOf<R>& c : columns)
        if (const auto place = reader.optional(c.name)) read_value(c.member(record), *place);
}

template <class R>
std::vector<std::string> names_of(const ColumnsOf<R>& columns) {
    std::vector<std::string> names;
    for (const ColumnOf<R>& c : columns) names.push_back(c.name);
    return names;
}
/// The columns of these names, in that order; unknown names are left out.
template <class R>
std::vector<const ColumnOf<R>*> named(const ColumnsOf<R>& columns, const std::vector<std::string>& names) {
    std::vector<const ColumnOf<R>*> found;
    for (const std::string& name : names)
        for (const ColumnOf<R>& c : columns)
            if (c.name == name) found.push_back(&c);
    return found;
}

/// One documented line per column, for `--help`.
template <class R>
std::string manual_of(const ColumnsOf<R>& columns) {
    std::string text;
    for (const ColumnOf<R>& c : columns)
        text += c.name + (c.unit.empty() ? "" : " [" + c.unit + "]") + ": " + c.meaning + "\n";
    return text;
}

}  // namespace infsim::record
