#include "report/words.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

namespace infsim::report {

std::string rounded(double x) {
    const double size = std::abs(x);
    return fmt::format("{:.{}f}", x, size >= 100 || x == std::floor(x) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::string rounded(const std::optional<double>& x) { return x ? rounded(*x) : "-"; }

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

std::string counted(std::size_t n, const std::string& one) {
    return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string sentence(std::string text) {
    if (text.empty()) return text;
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
    if (text.back() != '.') text += '.';
    return text;
}

std::string headline(const std::string& reason) { return reason.substr(0, reason.find("; alive: ")); }

std::optional<double> number_in(const json::Object& o, const char* key) {
    const json::Value* value = o.find(key);
    return value && value->is_number() ? std::optional{value->as_number()} : std::nullopt;
}

std::string text_in(const json::Object& o, const char* key) {
    const json::Value* value = o.find(key);
    return value && value->is_string() ? value->as_string() : "";
}

const json::Object* object_in(const json::Object& o, const char* key) {
    const json::Value* value = o.find(key);
    return value && value->is_object() ? &value->as_object() : nullptr;
}

json::Value row_value(const std::optional<std::size_t>& row) {
    return row ? json::Value{static_cast<std::int64_t>(*row)} : json::Value{};
}

json::Array row_values(const std::vector<std::size_t>& rows) {
    json::Array list;
    for (std::size_t r : rows) list.emplace_back(static_cast<std::int64_t>(r));
    return list;
}

}  // namespace infsim::report
