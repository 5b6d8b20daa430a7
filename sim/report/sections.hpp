// One section of the page per source: its sentences, and the data of its charts.
#pragma once

#include <cstddef>

#include "base/json.hpp"
#include "report/sources.hpp"

namespace infsim::report {

/// {"kind", "name", "path", "notes", ...}, read by the page's scripts. Layers of sweeps are added separately by
/// add_layers. Throws InputError for cells that are not of their column's kind.
json::Object section_of(const Source& source);

/// Puts the layers of a sweep's points into its section while `budget` bytes last, starting with the batches that
/// sentences name. Returns the rest of the budget.
std::size_t add_layers(json::Object& section, const Source& source, std::size_t budget);

json::Object sweep_section(const SweepSource& sweep);
json::Object serving_section(const ServingSource& serving);
json::Object search_section(const SearchSource& search);
json::Object limits_section(const LimitsSource& limits);

}  // namespace infsim::report
