#include "compiler/search/decision_text.hpp"

#include <ostream>

#include <fmt/format.h>

#include "compiler/ir/code_text.hpp"

namespace infsim::compiler {

namespace {

const char* return_name(Return by) {
    switch (by) {
        case Return::reload: return "reloaded";
        case Return::reissue: return "its loads issued again";
        case Return::recompute: return "computed again";
    }
    return "?";
}

std::string eviction_text(const Eviction& eviction) {
    const auto& [buffer, after, before, by, save, recipe, kept_loads] = eviction;
    std::string text = fmt::format("evict b{} between {} and {}{}, {}", buffer.value(), after, before,
                                   save ? " saved" : "", return_name(by));
    if (by == Return::recompute)
        text += fmt::format(" by recipe {}{}", recipe.value(), kept_loads ? ", loads kept" : "");
    return text;
}

}  // namespace

void write_text(const Decision& decision, std::ostream& out) {
    out << to_text(decision.plan);
    for (const Eviction& eviction : decision.evictions) out << eviction_text(eviction) << '\n';
    const auto& [offset, order, start, lower_bound] = decision.allocation;
    out << fmt::format("allocation lower_bound={}\n", lower_bound);
    for (BufferId b : offset.ids()) out << fmt::format("b{} @{}\n", b.value(), offset[b]);
    for (LoadId load : order) out << fmt::format("load {} starts at {}\n", load.value(), start[load]);
}

}  // namespace infsim::compiler
