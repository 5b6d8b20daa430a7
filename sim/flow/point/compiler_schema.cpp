#include "flow/point/compiler_schema.hpp"

#include "compiler/compile.hpp"
#include "compiler/pass_names.hpp"
#include "flow/point/compiler_file.hpp"
#include "graph/host_tail.hpp"
#include "record/schema.hpp"

namespace infsim::flow {

namespace {

using json::Array;
using json::Object;
using json::Value;

Object object_of(Object members) {
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(members)}};
}

Value texts(const std::vector<std::string>& words) {
    Array all;
    for (const std::string& word : words) all.emplace_back(word);
    return Object{{"type", "array"}, {"items", Object{{"enum", std::move(all)}}}};
}

/// By the kind of an option's default value: a size is text with its unit.
Value option_schema(const Value& value) {
    Object schema;
    if (value.is_bool()) schema.set("type", "boolean");
    else if (value.is_int()) schema = {{"type", "integer"}, {"minimum", 0}};
    else schema = {{"type", "string"}, {"pattern", "^[0-9.]+ ?(B|kB|KiB|MB|MiB|GB|GiB)$"}};
    schema.set("default", value);
    return schema;
}

}  // namespace

json::Value compiler_schema() {
    const Value defaults = canonical_json(compiler::default_options());
    Object members{{"name", Object{{"type", "string"}}}};
    for (const auto& [group, options] : defaults.as_object()) {
        if (!options.is_object() || group == "passes") continue;
        Object keys;
        for (const auto& [key, value] : options.as_object()) keys.set(key, option_schema(value));
        members.set(group, object_of(std::move(keys)));
    }
    members.set("host", object_of({{"operators", texts(graph::host_operators())}}));
    Object passes;
    for (const std::string& pass : compiler::optional_pass_names()) passes.set(pass, Object{{"type", "boolean"}});
    members.set("passes", object_of(std::move(passes)));
    members.set("skip_passes", Object{{"type", "array"}, {"items", Object{{"type", "string"}}}});
    Value schema = record::object_schema("infsim compiler profile", std::move(members));
    schema.as_object().set("required", Array{"name"});
    return schema;
}

}  // namespace infsim::flow
