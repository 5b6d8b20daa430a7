// How plans become code, as far as fitting has to know: three functions that the caller fills.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>

#include "compiler/ir/code.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/dry_run.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

/// The dry run of a plan's code: what deciding needs of it.
struct EmittedPlan {
    DryRun dry_run;
    DramNeeds dram;
    std::optional<Code> code;  ///< a short one: emitting it again would cost more than keeping it
};

/// A buffer takes more than the capacity that was asked for.
struct TooLarge {};

struct PlanEmission {
    /// A refusal where the chip cannot run such a code, whatever lies where.
    std::function<std::variant<EmittedPlan, TooLarge, DoesNotFit>(const Plan&, std::int64_t capacity)> dry_run;
    /// For plans that a dry run was made of.
    std::function<Code(const Plan&)> code;
    /// The same, as a CodeSource.
    std::function<Code(const Plan&, const InstructionSink&)> into;
};

}  // namespace infsim::compiler
