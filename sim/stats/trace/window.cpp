#include "stats/trace/window.hpp"

#include <charconv>

namespace infsim::stats {

namespace {

constexpr int kMostInferences = 1'000'000;

Parsed<TraceWindow> failed(std::string_view text, const std::string& why) {
    return {std::nullopt, "is '" + std::string(text) + "'" + why +
                              "; must be a number of inferences (3) or a span of time since the start (10ms..20ms)"};
}

Parsed<TraceWindow> parse_span(std::string_view text, std::size_t dots) {
    const auto from = parse_quantity<Duration>(text.substr(0, dots));
    const auto until = parse_quantity<Duration>(text.substr(dots + 2));
    if (!from) return failed(text, ": " + from.error);
    if (!until) return failed(text, ": " + until.error);
    if (*until.value <= *from.value) return failed(text, ", which does not end after it begins");
    return {TimeSpan{TimePoint{*from.value}, TimePoint{*until.value}}, ""};
}

}  // namespace

Parsed<TraceWindow> parse_trace_window(std::string_view text) {
    if (const auto dots = text.find(".."); dots != std::string_view::npos) return parse_span(text, dots);
    int count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size()) return failed(text, "");
    if (count < 1 || count > kMostInferences) return failed(text, ", not from 1 to " + std::to_string(kMostInferences));
    return {LastInferences{count}, ""};
}

std::string to_text(const TraceWindow& window) {
    if (const auto* last = std::get_if<LastInferences>(&window)) return std::to_string(last->count);
    const auto& span = std::get<TimeSpan>(window);
    return infsim::to_text(span.from.time_since_epoch()) + ".." + infsim::to_text(span.until.time_since_epoch());
}

}  // namespace infsim::stats
