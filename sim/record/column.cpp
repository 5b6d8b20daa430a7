#include "record/column.hpp"

#include <charconv>

#include "base/text.hpp"

namespace infsim::record {

namespace {

template <class T>
bool parse_number(std::optional<T>& out, std::string_view text) {
    if (text.empty()) {
        out.reset();
        return true;
    }
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    out = value;
    return true;
}

struct ToText {
    std::string operator()(const std::string* s) const { return *s; }
    std::string operator()(const Integer* n) const { return *n ? number_text(**n) : ""; }
    std::string operator()(const Real* x) const { return *x ? number_text(**x) : ""; }
    std::string operator()(const Flag* b) const { return !*b ? "" : **b ? "true" : "false"; }
    std::string operator()(const Status* s) const { return std::string{status_name(*s)}; }
};

struct FromText {
    std::string_view text;
    bool operator()(std::string* s) const {
        *s = text;
        return true;
    }
    bool operator()(Integer* n) const { return parse_number(*n, text); }
    bool operator()(Real* x) const { return parse_number(*x, text); }
    bool operator()(Flag* b) const {
        if (text.empty()) b->reset();
        else *b = text == "true";
        return text.empty() || text == "true" || text == "false";
    }
    bool operator()(Status* s) const {
        const auto parsed = parse_status(text);
        if (parsed) *s = *parsed;
        return parsed.has_value();
    }
};

struct ToValue {
    json::Value operator()(const std::string* s) const { return s->empty() ? json::Value{} : json::Value{*s}; }
    json::Value operator()(const Integer* n) const { return *n ? json::Value{**n} : json::Value{}; }
    json::Value operator()(const Real* x) const { return *x ? json::Value{**x} : json::Value{}; }
    json::Value operator()(const Flag* b) const { return *b ? json::Value{**b} : json::Value{}; }
    json::Value operator()(const Status* s) const { return std::string{status_name(*s)}; }
};

struct FromCursor {
    json::Cursor cursor;
    void operator()(std::string* s) const { *s = cursor.string().value_or(""); }
    void operator()(Integer* n) const { *n = cursor.integer(json::min_int, json::max_int); }
    void operator()(Real* x) const { *x = cursor.number(json::lowest, json::highest); }
    void operator()(Flag* b) const { *b = cursor.boolean(); }
    void operator()(Status* s) const {
        const auto name = cursor.string();
        if (!name) return;
        if (const auto status = parse_status(*name)) *s = *status;
        else cursor.problem("'" + *name + "' is no status");
    }
};

}  // namespace

CellType cell_type(const MemberRef& member) {
    if (std::holds_alternative<Integer*>(member)) return CellType::integer;
    if (std::holds_alternative<Flag*>(member)) return CellType::boolean;
    return std::holds_alternative<Real*>(member) ? CellType::number : CellType::text;
}

std::string cell_text(const MemberRef& member) {
    return std::visit([](const auto* m) { return ToText{}(m); }, member);
}

bool set_cell(const MemberRef& member, std::string_view text) { return std::visit(FromText{text}, member); }

json::Value json_value(const MemberRef& member) {
    return std::visit([](const auto* m) { return ToValue{}(m); }, member);
}

void read_value(const MemberRef& member, const json::Cursor& place) { std::visit(FromCursor{place}, member); }

}  // namespace infsim::record
