#include <algorithm>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "serving/scenario_parts.hpp"

namespace infsim::serving {

namespace {

constexpr std::size_t kMostReported = 10;
constexpr std::string_view kHeader = "arrival_s,items";

std::optional<std::int64_t> whole_number(std::string_view text) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    std::int64_t n = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        n = 10 * n + (c - '0');
    }
    return n;
}

/// One line; empty, with the reason in `error`, if it is malformed.
std::optional<Arrival> read_line(std::string_view line, std::string& error) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) {
        error = "must be two numbers, arrival_s,items";
        return std::nullopt;
    }
    const std::string_view time = trim(line.substr(0, comma)), items = trim(line.substr(comma + 1));
    if (!time.empty() && time.front() == '-') {
        error = "arrival_s must not be negative, and is " + std::string(time);
        return std::nullopt;
    }
    const auto at = parse_quantity<Duration>(std::string(time) + "s");
    if (!at) {
        error = "arrival_s must be seconds, such as 0.0125, and is '" + std::string(time) + "'";
        return std::nullopt;
    }
    const auto n = whole_number(items);
    if (!n || *n < 1 || *n > kMaxItems) {
        error =
            "items must be an integer from 1 to " + number_text(kMaxItems) + ", and is '" + std::string(items) + "'";
        return std::nullopt;
    }
    return Arrival{TimePoint{*at.value}, static_cast<std::int32_t>(*n)};
}

}  // namespace

Trace read_trace(const std::string& path, std::optional<std::int32_t> most, Problems& problems) {
    Trace trace;
    const auto text = read_file(path, problems);
    if (!text) return trace;
    std::size_t begin = 0, number = 0, reported = 0;
    const auto problem = [&](const std::string& what) {
        if (++reported <= kMostReported) problems.add(path, "line " + std::to_string(number), what);
    };
    while (begin < text->size()) {
        const auto end = std::min(text->find('\n', begin), text->size());
        const std::string_view line = trim(std::string_view(*text).substr(begin, end - begin));
        begin = end + 1;
        ++number;
        if (number == 1) {
            if (line != kHeader) problem("must be the header " + std::string(kHeader));
            continue;
        }
        if (line.empty()) continue;
        std::string error;
        const auto arrival = read_line(line, error);
        if (!arrival) problem(error);
        else if (!trace.arrivals.empty() && arrival->at < trace.arrivals.back().at)
            problem("arrival_s must not be before that of the line above");
        else if (most && arrival->items > *most)
            problem(number_text(std::int64_t{arrival->items}) + " items are more than the policy takes, which is " +
                    number_text(std::int64_t{*most}));
        if (arrival) trace.arrivals.push_back(*arrival);
    }
    if (reported > kMostReported)
        problems.add(path, "", "and " + std::to_string(reported - kMostReported) + " more such lines");
    if (trace.arrivals.empty() && reported == 0) problems.add(path, "", "holds no request");
    return trace;
}

}  // namespace infsim::serving
