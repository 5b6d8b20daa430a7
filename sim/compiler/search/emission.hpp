// How plans become code, as far as fitting has to know: functions that the caller supplies.
#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "compiler/ir/code.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/outcome.hpp"
#include "compiler/search/dry_runs.hpp"

namespace infsim::compiler {

struct PlanEmission {
    /// See compiler::dry_run().
    std::function<std::variant<Emission, BufferTooLarge, DoesNotFit>(const Plan&, std::int64_t capacity)> dry_run;
    /// Whether two plans are known to give the same code; may be empty.
    std::function<bool(const Plan&, const Plan&)> same;
    /// For plans that have had a dry run.
    std::function<Code(const Plan&)> code;
};

}  // namespace infsim::compiler
