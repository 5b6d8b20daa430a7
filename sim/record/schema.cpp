#include "record/schema.hpp"

#include "record/columns.hpp"

namespace infsim::record {

namespace {

constexpr const char* kDialect = "https://json-schema.org/draft/2020-12/schema";

json::Object type_of(const MemberRef& member) {
    if (std::holds_alternative<Status*>(member)) {
        json::Array names;
        for (const std::string_view name : status_names()) names.emplace_back(std::string(name));
        return {{"enum", std::move(names)}};
    }
    if (std::holds_alternative<Flag*>(member)) return {{"type", "boolean"}};
    if (std::holds_alternative<Integer*>(member)) return {{"type", "integer"}};
    return {{"type", std::holds_alternative<Real*>(member) ? "number" : "string"}};
}

}  // namespace

json::Value member_schema(const MemberRef& member, const std::string& unit, const std::string& meaning) {
    json::Object schema = type_of(member);
    schema.set("description", unit.empty() ? meaning : meaning + " [" + unit + "]");
    return schema;
}

json::Value object_schema(const std::string& title, json::Object members) {
    return json::Object{{"$schema", kDialect},
                        {"title", title},
                        {"type", "object"},
                        {"additionalProperties", false},
                        {"properties", std::move(members)}};
}

json::Value record_schema() {
    json::Value schema =
        schema_of("infsim point", columns(), {{"record_version", json::Object{{"const", kRecordVersion}}}});
    schema.as_object().set("required", json::Array{"record_version", "point_id", "status"});
    return schema;
}

}  // namespace infsim::record
