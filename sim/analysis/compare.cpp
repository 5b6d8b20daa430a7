#include "analysis/compare.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

namespace infsim::analysis {

namespace {

using record::RunRecord;

constexpr std::array<const char*, record::kAccountedEngines> kEngines{"PE", "ACT", "POOL", "DMA"};
constexpr std::array<const char*, record::kTimeShares> kShares{"busy",
                                                               "waits for PE",
                                                               "waits for ACT",
                                                               "waits for POOL",
                                                               "waits for weights",
                                                               "waits for input",
                                                               "waits for other DMA",
                                                               "waits for output",
                                                               "has nothing to do"};

/// Adds to the part of that name; creates it if needed.
void add(Parts& parts, const std::string& name, double amount) {
    const auto part = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == name; });
    if (part == parts.end()) parts.push_back({name, amount});
    else part->amount += amount;
}

}  // namespace

Parts layer_times(const std::vector<LayerSpan>& spans) {
    std::set<double> instants{0};
    for (const LayerSpan& span : spans) instants.insert({span.start_ms, span.end_ms});
    Parts parts;
    for (const LayerSpan& span : spans) add(parts, span.name, 0);
    double idle = 0;
    for (auto next = std::next(instants.begin()); next != instants.end(); ++next) {
        const double from = *std::prev(next), length = *next - from;
        std::vector<const LayerSpan*> working;
        for (const LayerSpan& span : spans)
            if (span.start_ms <= from && span.end_ms >= *next) working.push_back(&span);
        if (working.empty()) idle += length;
        for (const LayerSpan* span : working) add(parts, span->name, length / static_cast<double>(working.size()));
    }
    if (idle > 0) parts.push_back({"(no layer)", idle});
    return parts;
}

Parts engine_times(const RunRecord& r) {
    if (!r.throughput_avg || !r.n_models) return {};
    const double item_ms = 1000 * static_cast<double>(*r.n_models) / *r.throughput_avg;
    Parts parts;
    for (std::size_t e = 0; e < kEngines.size(); ++e)
        for (std::size_t s = 0; s < kShares.size(); ++s)
            if (const auto share = r.engine_share[e][s])
                parts.push_back({std::string(kEngines[e]) + " " + kShares[s], *share * item_ms});
    return parts;
}

Parts bytes_by_purpose(const RunRecord& r) {
    if (!r.throughput_avg || !r.batch_size) return {};
    const std::vector<std::pair<const char*, record::Integer>> purposes{
        {"weights", r.dram_weight_bytes},
        {"constants", r.dram_constant_bytes},
        {"inputs", r.dram_input_bytes},
        {"outputs", r.dram_output_bytes},
        {"host transfers", r.dram_host_bytes},
        {"spills saved", r.spill_save_bytes},
        {"spills reloaded", r.spill_reload_bytes},
        {"layout changes written", r.relayout_write_bytes},
        {"layout changes read", r.relayout_read_bytes}};
    Parts parts;
    for (const auto& [name, bytes] : purposes)
        parts.push_back({name, static_cast<double>(bytes.value_or(0)) / static_cast<double>(*r.batch_size)});
    return parts;
}

std::vector<Change> changes(const Parts& before, const Parts& after) {
    std::vector<Change> list;
    const auto change = [&](const std::string& name) -> Change& {
        const auto known = std::find_if(list.begin(), list.end(), [&](const Change& c) { return c.name == name; });
        return known != list.end() ? *known : list.emplace_back(Change{name, 0, 0});
    };
    for (const Part& part : before) change(part.name).before += part.amount;
    for (const Part& part : after) change(part.name).after += part.amount;
    std::stable_sort(list.begin(), list.end(),
                     [](const Change& a, const Change& b) { return std::abs(a.more()) > std::abs(b.more()); });
    return list;
}

}  // namespace infsim::analysis
