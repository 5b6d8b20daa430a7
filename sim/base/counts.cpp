#include "base/counts.hpp"

#include "base/text.hpp"

namespace infsim {

std::string to_text(Counts counts) { return "from " + number_text(counts.least) + " to " + number_text(counts.most); }

std::string problem_with(std::int64_t n, Counts counts) {
    return counts.hold(n) ? "" : "must be " + to_text(counts) + ", and is " + number_text(n);
}

std::string problem_with(const json::Value& value, Counts counts) {
    if (value.is_int() && counts.hold(value.as_int())) return "";
    return "must be an integer " + to_text(counts) + ", and is " + shown(value);
}

std::string shown(const json::Value& value) {
    constexpr std::size_t kShort = 40;
    if (value.is_int()) return number_text(value.as_int());
    if (value.is_number()) return number_text(value.as_number());
    if (value.is_string() && value.as_string().size() <= kShort) return "'" + value.as_string() + "'";
    return std::string(value.kind());
}

}  // namespace infsim
