#include "analysis/why_slow.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace infsim::analysis {

namespace {

/// A run of at most two fp32 elements: the engine takes the time of a whole row for each run.
constexpr std::int64_t kElementBytes = 8;
/// From twice the bytes on it is padding; less may be the remainder of a tile.
constexpr double kPadded = 2.0;
constexpr double kBadlyFilled = 0.25;
/// Further causes and layers are given only as a number.
constexpr std::size_t kCauses = 3, kLayers = 3;
constexpr double kWorthTelling = 0.15;

struct Part {
    std::string cause;
    double ms = 0;
};

bool padded(const LayerTime& l) {
    return l.true_weight_bytes > 0 &&
           static_cast<double>(l.stored_weight_bytes) >= kPadded * static_cast<double>(l.true_weight_bytes);
}

const char* weights_cause(const LayerTime& l) {
    if (padded(l)) return "weights padded with zeros";
    const bool again = l.weights.bytes > 0 &&
                       static_cast<double>(l.weights.bytes) >= kPadded * static_cast<double>(l.stored_weight_bytes);
    return again ? "weights read more than once" : "weights read";
}

const char* array_cause(const LayerTime& l) {
    if (padded(l)) return "weights padded with zeros";
    return l.array_use < kBadlyFilled ? "array used to less than a quarter" : "work of the array";
}

std::vector<Part> parts(const LayerTime& l) {
    const auto fetched = [](const Transfers& t, const char* otherwise) {
        return Part{t.by_element() ? "fetched element by element" : otherwise, t.ms};
    };
    return {{array_cause(l), l.pe_ms},
            {"work of the ACT engine", l.act_ms},
            {"work of the POOL engine", l.pool_ms},
            {weights_cause(l), l.weights.ms},
            fetched(l.constants, "constants read"),
            fetched(l.inputs, "inputs read"),
            fetched(l.fetches, "relayout through DRAM"),
            {l.stores.by_element() ? "stored element by element" : "relayout through DRAM", l.stores.ms},
            {l.outputs.by_element() ? "stored element by element" : "outputs written", l.outputs.ms},
            {"spills", l.spills.ms},
            {"copies on chip", l.copies.ms}};
}

using Shares = std::vector<std::pair<std::string, double>>;  ///< name and ms

void add(Shares& shares, const std::string& name, double ms) {
    const auto found = std::find_if(shares.begin(), shares.end(), [&](const auto& s) { return s.first == name; });
    if (found == shares.end()) shares.emplace_back(name, ms);
    else found->second += ms;
}

std::string layers_text(const Shares& layers) {
    std::string text;
    for (std::size_t i = 0; i < std::min(layers.size(), kLayers); ++i)
        text += fmt::format("{}{} {:.3g} ms", i == 0 ? "" : ", ", layers[i].first, layers[i].second);
    return layers.size() > kLayers ? text + fmt::format(" and {} more", layers.size() - kLayers) : text;
}

}  // namespace

void Transfers::add(std::int64_t more_bytes, std::int64_t more_runs) {
    bytes += more_bytes;
    runs += more_runs;
    if (more_bytes <= kElementBytes * more_runs) short_runs += more_runs;
}

std::vector<Cause> causes_of_time(const std::vector<LayerTime>& layers) {
    std::vector<Cause> causes;
    for (const LayerTime& l : layers)
        for (const Part& part : parts(l)) {
            if (part.ms <= 0) continue;
            auto found =
                std::find_if(causes.begin(), causes.end(), [&](const Cause& c) { return c.name == part.cause; });
            if (found == causes.end()) found = causes.insert(causes.end(), Cause{part.cause, 0, {}});
            found->ms += part.ms;
            add(found->layers, l.name, part.ms);
        }
    for (Cause& c : causes)
        std::stable_sort(c.layers.begin(), c.layers.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
    std::stable_sort(causes.begin(), causes.end(), [](const Cause& a, const Cause& b) { return a.ms > b.ms; });
    return causes;
}

std::string why_slow(const std::vector<Cause>& causes, double service_ms, std::optional<double> host_ms) {
    std::string text;
    for (std::size_t i = 0; i < std::min(causes.size(), kCauses); ++i) {
        const Cause& c = causes[i];
        if (i > 0 && c.ms < kWorthTelling * service_ms) break;
        text += fmt::format("{}{}, {:.0f} % of the time: {}", i == 0 ? "" : "; ", c.name, 100 * c.ms / service_ms,
                            layers_text(c.layers));
    }
    if (host_ms && *host_ms >= service_ms)
        text += fmt::format("{}besides, {:.3g} ms on the host", text.empty() ? "" : "; ", *host_ms);
    return text;
}

}  // namespace infsim::analysis
