// Plain plans cut into sections, and sections that leave every layer enough space.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/search/search.hpp"
#include "compiler/search/sections.hpp"

namespace infsim::compiler {

using Sections = std::vector<Section>;

/// The plans of the plain compiler for this many images, cut into these sections if there are any.
std::vector<Plan> plans_with(const SearchInput& input, int batch, const Sections& sections);

/// The fastest of them, and the same with smaller weight slabs and stripes of the stem: what a network gains in
/// sections is lost again if layers take image after image.
std::vector<Plan> fastest_plans(const SearchInput& input, int batch, const Sections& sections);

/// A trial that never spills, without its Program; unless `evict`, nothing leaves the state buffer before its last use.
Trial unspilled(std::vector<Plan> plans, int batch, bool evict);

struct FittingQuestion {
    const SearchInput& input;
    const BuildProgram& build;
    const NetworkCosts& costs;
    int images = 0;         ///< of a pass
    std::int64_t room = 0;  ///< for live activations, bytes per partition
    double wanted = 0;      ///< most seconds, over all passes, that sections may promise
};

/// Sections whose fastest plan fits as it is. NetworkCosts knows only activations: if `list` does not fit, the layer
/// that lacks space is known to need that much more on that many images, and the best sections that leave it that much
/// are tried next. Empty if a dozen rounds find none, or none that promise enough. Adds what it tries to `tried`, and
/// tries nothing twice.
std::optional<SectionList> fitting_sections(const FittingQuestion& question, SectionList list,
                                            std::vector<Sections>& tried);

}  // namespace infsim::compiler
