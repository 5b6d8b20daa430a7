#include "compiler/options.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "compiler/pass_names.hpp"

namespace infsim::compiler {

namespace {

/// "a, b and c".
template <class List, class NameOf>
std::string enumeration(const List& list, NameOf&& name_of) {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i)
        text += (i == 0 ? "" : i + 1 < list.size() ? ", " : " and ") + std::string(name_of(list[i]));
    return text;
}

void carry_out_skips(CompileOptions& options, Problems& problems) {
    const std::vector<Skip> skips = all_skips();
    for (const std::string& name : options.skip_passes) {
        const auto found = std::find_if(skips.begin(), skips.end(), [&](const Skip& s) { return s.name == name; });
        if (found != skips.end()) options.*found->option = false;
        else
            problems.add(options.name, "skip_passes",
                         fmt::format("'{}' cannot be left out; {} can", name,
                                     enumeration(skips, [](const Skip& s) { return s.name; })));
    }
}

void check_optional_passes(const CompileOptions& options, Problems& problems) {
    const std::vector<std::string> known = optional_pass_names();
    for (const std::string& name : options.optional_passes)
        if (std::find(known.begin(), known.end(), name) == known.end())
            problems.add(options.name, "passes", "'" + name + "' is not an optional pass" + suggestion(name, known));
}

}  // namespace

CompileOptions default_options() {
    CompileOptions options;
    options.name = "default";
    options.search_sections = options.search_only_tight = true;
    options.reuse_scratch = true;
    options.own_rings = true;
    return options;
}

CompileOptions resolved(CompileOptions options, const program::Target& target, Problems& problems) {
    const auto within = [&](const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
        if (value < low || value > high)
            problems.add(options.name, name, fmt::format("{} is outside of {} to {}", value, low, high));
    };
    within("psum_banks_per_load", options.psum_banks_per_load, 1, 1 << 20);  // a chip with fewer banks uses all
    within("slab_bytes", options.slab_bytes, 1, std::int64_t{1} << 32);
    within("constants_bytes", options.constants_bytes, 0, std::int64_t{1} << 32);
    within("small_image_elements", options.small_image_elements, 0, 1 << 20);
    within("state_buffer_budget", options.state_buffer_budget, 0, std::int64_t{1} << 32);
    within("sb_size", options.sb_size, 0, 1 << 20);
    within("sb_size_unit", options.sb_size_unit, 1, std::int64_t{1} << 32);
    within("stem_stripe_rows", options.stem_stripe_rows, 1, 1 << 16);
    within("prefetch_depth", options.prefetch_depth, 1, 1 << 20);
    within("weights_region", options.weights_region, 0, target.dram_regions - 1);
    within("weight_regions", options.weight_regions, 0, target.dram_regions);
    within("activations_region", options.activations_region, 0, target.dram_regions - 1);
    carry_out_skips(options, problems);
    check_optional_passes(options, problems);
    return options;
}

}  // namespace infsim::compiler
