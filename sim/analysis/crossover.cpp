#include "analysis/crossover.hpp"

#include <algorithm>

namespace infsim::analysis {

namespace {

const LayerBound* find(const std::vector<LayerBound>& layers, const std::string& name) {
    const auto it = std::find_if(layers.begin(), layers.end(), [&](const LayerBound& l) { return l.layer == name; });
    return it == layers.end() ? nullptr : &*it;
}

std::string counted(std::size_t n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

/// "a, b, c", or "a, b, c and 7 more".
std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 4;
    std::string text;
    const std::size_t shown = names.size() <= kShown + 1 ? names.size() : kShown;
    for (std::size_t i = 0; i < shown; ++i) text += (i > 0 ? ", " : "") + names[i];
    if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
    return text;
}

std::size_t bound_by_dram(const std::vector<LayerBound>& layers) {
    return static_cast<std::size_t>(
        std::count_if(layers.begin(), layers.end(), [](const LayerBound& l) { return l.bound == "dram"; }));
}

}  // namespace

std::vector<Crossover> crossovers(const BoundsByBatch& bounds) {
    std::vector<Crossover> result;
    if (bounds.empty()) return result;
    for (const LayerBound& first : bounds.begin()->second) {
        Crossover c{first.layer, std::nullopt};
        for (const auto& [batch, layers] : bounds) {
            const LayerBound* here = find(layers, first.layer);
            if (!here) continue;
            if (here->bound == "dram") c.free_from.reset();
            else if (!c.free_from) c.free_from = batch;
        }
        result.push_back(std::move(c));
    }
    return result;
}

std::string crossover_sentences(const BoundsByBatch& bounds) {
    if (bounds.empty()) return "";
    const auto& [first_batch, first_layers] = *bounds.begin();
    const auto& [last_batch, last_layers] = *bounds.rbegin();
    std::string text = "At B=" + std::to_string(first_batch) + " DRAM bounds " +
                       std::to_string(bound_by_dram(first_layers)) + " of " + counted(first_layers.size(), "layer");
    if (bounds.size() > 1)
        text += ", at B=" + std::to_string(last_batch) + " " + std::to_string(bound_by_dram(last_layers));
    text += ".";
    std::map<std::int64_t, std::vector<std::string>> freed;
    std::vector<std::string> never;
    for (const Crossover& c : crossovers(bounds))
        if (!c.free_from) never.push_back(c.layer);
        else if (*c.free_from > first_batch) freed[*c.free_from].push_back(c.layer);
    for (const auto& [batch, names] : freed)
        text += "\nFrom B=" + std::to_string(batch) + " on DRAM no longer bounds " +
                (names.size() == 1 ? names[0] : counted(names.size(), "layer") + " (" + listed(names) + ")") + ".";
    if (!never.empty()) text += "\nUp to B=" + std::to_string(last_batch) + " DRAM still bounds " + listed(never) + ".";
    return text;
}

}  // namespace infsim::analysis
