#include "base/json_reader.hpp"
#include "record/columns.hpp"
#include "record/csv.hpp"

namespace infsim::record {

namespace {

/// JSON has no need of text for what it can hold itself.
struct ToValue {
    json::Value operator()(const std::string* s) const { return *s; }
    json::Value operator()(const Integer* n) const { return *n ? json::Value{**n} : json::Value{}; }
    json::Value operator()(const Real* x) const { return *x ? json::Value{**x} : json::Value{}; }
    json::Value operator()(const Status* s) const { return std::string{status_name(*s)}; }
};

struct FromCursor {
    json::Cursor cursor;
    void operator()(std::string* s) const { *s = cursor.string().value_or(""); }
    void operator()(Integer* n) const { *n = cursor.integer(json::min_int, json::max_int); }
    void operator()(Real* x) const { *x = cursor.number(json::lowest, json::highest); }
    void operator()(Status* s) const {
        const auto name = cursor.string();
        if (!name) return;
        if (const auto status = parse_status(*name)) *s = *status;
        else cursor.problem("'" + *name + "' is no status");
    }
};

}  // namespace

json::Object to_object(const RunRecord& record) {
    RunRecord copy = record;
    json::Object object;
    object.set("record_version", kRecordVersion);
    for (const Column& column : columns()) {
        json::Value value = std::visit([](const auto* m) { return ToValue{}(m); }, column.member(copy));
        const bool absent = value.is_null() || (value.is_string() && value.as_string().empty());
        if (!absent) object.set(column.name, std::move(value));
    }
    return object;
}

std::string to_json(const RunRecord& record) { return json::dump(to_object(record), 0); }

RunRecord from_json(std::string_view text, const std::string& file) {
    Problems problems;
    const auto document = json::parse_text(text, file, problems);
    problems.throw_if_any();
    json::ObjectReader reader(json::Cursor(*document, problems));
    const auto version = reader.integer("record_version");
    if (version != kRecordVersion && reader.has("record_version"))
        reader.problem("record_version",
                       "is " + std::to_string(version) + ", this program writes " + std::to_string(kRecordVersion));
    RunRecord record;
    for (const Column& column : columns())
        if (const auto cursor = reader.optional(column.name)) std::visit(FromCursor{*cursor}, column.member(record));
    reader.finish();
    problems.throw_if_any();
    return record;
}

}  // namespace infsim::record
