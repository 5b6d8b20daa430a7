#include "compiler/options.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace infsim::compiler {

namespace {

struct Skippable {
    std::string_view pass;
    bool CompileOptions::*flag;
};
constexpr std::array kSkippable = {
    Skippable{"order", &CompileOptions::reorder_layers}, Skippable{"replicate", &CompileOptions::replication},
    Skippable{"stem", &CompileOptions::stream_stem},     Skippable{"prefetch", &CompileOptions::prefetch},
    Skippable{"spill", &CompileOptions::spill},          Skippable{"rematerialize", &CompileOptions::rematerialization},
};

}  // namespace

CompileOptions resolved(CompileOptions options, const program::Target& target, Problems& problems) {
    const auto within = [&](const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
        if (value < low || value > high)
            problems.add(options.name, name, fmt::format("{} is outside of {} to {}", value, low, high));
    };
    within("psum_banks_per_load", options.psum_banks_per_load, 1, 1 << 20);  // a chip with fewer banks uses all
    within("slab_bytes", options.slab_bytes, 1, std::int64_t{1} << 32);
    within("small_image_elements", options.small_image_elements, 0, 1 << 20);
    within("state_buffer_budget", options.state_buffer_budget, 0, std::int64_t{1} << 32);
    within("sb_size", options.sb_size, 0, 1 << 20);
    within("sb_size_unit", options.sb_size_unit, 1, std::int64_t{1} << 32);
    within("stem_stripe_rows", options.stem_stripe_rows, 1, 1 << 16);
    within("prefetch_depth", options.prefetch_depth, 1, 1 << 20);
    within("weights_region", options.weights_region, 0, target.dram_regions - 1);
    within("weight_regions", options.weight_regions, 0, target.dram_regions);
    within("activations_region", options.activations_region, 0, target.dram_regions - 1);
    for (const std::string& name : options.skip_passes) {
        const auto found =
            std::find_if(kSkippable.begin(), kSkippable.end(), [&](const Skippable& s) { return s.pass == name; });
        if (found != kSkippable.end()) options.*found->flag = false;
        else
            problems.add(
                options.name, "skip_passes",
                "'" + name +
                    "' is no pass that can be left out; order, replicate, stem, prefetch, spill and rematerialize are");
    }
    return options;
}

}  // namespace infsim::compiler
