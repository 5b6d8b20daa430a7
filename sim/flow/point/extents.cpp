#include "flow/point/extents.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/check.hpp"
#include "base/counts.hpp"
#include "base/text.hpp"

namespace infsim::flow {

namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 31;  ///< the longest extent that a model may have
constexpr Counts kExtents{1, kMost};

/// Parses "1x3x224x224"; empty for other texts.
std::vector<std::int64_t> extents_in(const std::string& text) {
    std::vector<std::int64_t> shape;
    for (const std::string& part : split(text, 'x')) {
        std::int64_t extent = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), extent);
        if (error != std::errc() || end != part.data() + part.size() || !kExtents.hold(extent)) return {};
        shape.push_back(extent);
    }
    return shape;
}

/// The parts before and after the last '=', because names of tensors may contain one.
std::pair<std::string, std::string> halves(const std::string& text) {
    const auto equals = text.rfind('=');
    if (equals == std::string::npos) return {"", ""};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

bool set_dim(Extents& extents, const std::string& name, const json::Value& value, const Setting& s,
             Problems& problems) {
    const std::string wrong = name.empty() ? "must have a name" : problem_with(value, kExtents);
    if (wrong.empty()) extents.dims[name] = value.as_int();
    else problems.add(s.file, s.where, "the extent of axis '" + name + "' " + wrong);
    return wrong.empty();
}

bool set_input(Extents& extents, const std::string& name, const json::Value& value, const Setting& s,
               Problems& problems) {
    auto shape = value.is_string() ? extents_in(value.as_string()) : std::vector<std::int64_t>{};
    if (!shape.empty() && !name.empty()) {
        extents.inputs[name] = std::move(shape);
        return true;
    }
    problems.add(s.file, s.where, "the shape of input '" + name + "' must be text such as \"1x3x224x224\"");
    return false;
}

/// Sets the extent or shape of one name.
struct Kind {
    std::string key;
    const char* meaning;
    bool (*set)(Extents&, const std::string& name, const json::Value&, const Setting&, Problems&);
};
const Kind kKinds[] = {{"dims", "extents by the names of axes", set_dim},
                       {"inputs", "shapes by the names of inputs", set_input}};

bool is_of(const Kind& kind, const std::string& key) { return key == kind.key || key.rfind(kind.key + ".", 0) == 0; }

bool set_all(const Kind& kind, Extents& extents, const Setting& s, Problems& problems) {
    if (s.key != kind.key) return kind.set(extents, s.key.substr(kind.key.size() + 1), s.value, s, problems);
    if (!s.value.is_object()) {
        problems.add(
            s.file, s.where,
            "'" + kind.key + "' must be an object of " + kind.meaning + ", and is " + std::string(s.value.kind()));
        return false;
    }
    bool good = true;
    for (const auto& [name, value] : s.value.as_object()) good = kind.set(extents, name, value, s, problems) && good;
    return good;
}

}  // namespace

bool is_extents_key(const std::string& key) {
    return std::any_of(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return is_of(kind, key); });
}

bool set_extents(Extents& extents, const Setting& s, Problems& problems) {
    for (const Kind& kind : kKinds)
        if (is_of(kind, s.key)) return set_all(kind, extents, s, problems);
    INFSIM_CHECK(false, "a key of extents");
    return false;
}

void add_dim(Extents& extents, const std::string& text, const std::string& option, Problems& problems) {
    const auto [name, value] = halves(text);
    const auto shape = extents_in(value);
    if (name.empty() || shape.size() != 1)
        problems.add("", option, "'" + text + "' must be NAME=VALUE; VALUE must be an integer " + to_text(kExtents));
    else if (!extents.dims.emplace(name, shape[0]).second)
        problems.add("", option, "axis '" + name + "' is given twice");
}

void add_input(Extents& extents, const std::string& text, const std::string& option, Problems& problems) {
    const auto [name, value] = halves(text);
    const auto shape = extents_in(value);
    if (name.empty() || shape.empty())
        problems.add("", option, "'" + text + "' must be NAME=SHAPE, such as x=1x3x224x224");
    else if (!extents.inputs.emplace(name, shape).second)
        problems.add("", option, "input '" + name + "' is given twice");
}

json::Value to_json(const Extents& extents) {
    json::Object dims, inputs;
    for (const auto& [name, extent] : extents.dims) dims.set(name, extent);
    for (const auto& [name, shape] : extents.inputs) inputs.set(name, json::Array(shape.begin(), shape.end()));
    return json::Object{{"dims", std::move(dims)}, {"inputs", std::move(inputs)}};
}

Extents extents_from_json(const json::Cursor& cursor) {
    Extents extents;
    const auto integer = [](const json::Cursor& c) { return c.integer(1, kMost).value_or(1); };
    json::ObjectReader reader(cursor);
    if (const auto dims = reader.required("dims"); dims && dims->is_object())
        for (const auto& [name, value] : dims->value().as_object())
            extents.dims[name] = integer(dims->member(name, value));
    if (const auto inputs = reader.required("inputs"); inputs && inputs->is_object())
        for (const auto& [name, value] : inputs->value().as_object())
            if (const auto shape = inputs->member(name, value).array())
                for (const json::Cursor& extent : *shape) extents.inputs[name].push_back(integer(extent));
    reader.finish();
    return extents;
}

}  // namespace infsim::flow
