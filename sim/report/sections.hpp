// One part of the page per source: what it says in sentences, and the data of its charts.
#pragma once

#include <cstddef>

#include "base/json.hpp"
#include "report/sources.hpp"

namespace infsim::report {

/// {"kind", "name", "path", "notes", ...}; the page's scripts read it. Layers of sweeps come apart: add_layers.
/// Throws InputError for cells that are not of their column's kind.
json::Object section_of(const Source& source);

/// Puts the layers of a sweep's points into its section while `budget` bytes last, those of the batches that sentences
/// name first. Returns what is left of the budget.
std::size_t add_layers(json::Object& section, const Source& source, std::size_t budget);

json::Object sweep_section(const SweepSource& sweep);
json::Object serving_section(const ServingSource& serving);
json::Object search_section(const SearchSource& search);
json::Object limits_section(const LimitsSource& limits);

}  // namespace infsim::report
