#include "compiler/memory/budget.hpp"

#include <fmt/format.h>

namespace infsim::compiler {

Budget budget_of(const CompileOptions& options, const program::Target& target) {
    Budget budget{target.sb_partition_bytes, kPhysicalBinding};
    const auto bound = [&](std::int64_t bytes, const char* name) {
        if (bytes > 0 && bytes < budget.bytes) budget = {bytes, name};
    };
    bound(std::int64_t{options.sb_size} * options.sb_size_unit, "sb_size");
    bound(options.state_buffer_budget, "state_buffer_budget");
    budget.bytes = budget.bytes / 4 * 4;
    return budget;
}

std::string binding_note(const Budget& budget, const program::Target& target) {
    if (budget.binding == kPhysicalBinding) return "";
    return fmt::format(" by {}, of {} on the chip", budget.binding, target.sb_partition_bytes);
}

}  // namespace infsim::compiler
