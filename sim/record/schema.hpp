// Records as JSON schemas (2020-12), from the columns that document them.
#pragma once

#include <string>

#include "base/json.hpp"
#include "record/column.hpp"

namespace infsim::record {

/// The schema of one member's value.
json::Value member_schema(const MemberRef& member, const std::string& unit, const std::string& meaning);
/// An object with only these members, all optional.
json::Value object_schema(const std::string& title, json::Object members);

/// The object that add_values makes of a record, after additional `members`.
template <class R>
json::Value schema_of(const std::string& title, const ColumnsOf<R>& columns, json::Object members = {}) {
    R any;
    for (const ColumnOf<R>& c : columns) members.set(c.name, member_schema(c.member(any), c.unit, c.meaning));
    return object_schema(title, std::move(members));
}

/// Of a RunRecord, with its version.
json::Value record_schema();

}  // namespace infsim::record
