// Plans compete as dry runs: who uses which buffer when, and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "compiler/emit/emit.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/dry_run.hpp"

namespace infsim::compiler {

/// The dry run of a plan, and the code where it is short enough: emitting it again would cost more than keeping it.
struct Emission {
    DryRun dry_run;
    DramNeeds dram;
    std::optional<Code> code;
};

/// BufferTooLarge as soon as a buffer takes more than `capacity` bytes per partition; a refusal where the chip cannot
/// run such a code, whatever lies where.
std::variant<Emission, BufferTooLarge, DoesNotFit> dry_run(const EmitInput& input, const Plan& plan,
                                                           std::int64_t capacity);

}  // namespace infsim::compiler
