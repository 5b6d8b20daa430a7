// Plans compete as dry runs, which record only who uses which buffer when.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "compiler/emit/emit.hpp"
#include "compiler/memory/dram.hpp"
#include "compiler/memory/dry_run.hpp"

namespace infsim::compiler {

/// The dry run of a plan, and its code if that is wanted and short: then keeping it is cheaper than emitting it again.
struct Emission {
    DryRun dry_run;
    DramNeeds dram;
    std::optional<Code> code;
};

/// BufferTooLarge as soon as a buffer takes more than `capacity` bytes per partition; a refusal if the chip cannot run
/// such code, wherever its buffers lie.
std::variant<Emission, BufferTooLarge, DoesNotFit> dry_run(const EmitInput& input, const Plan& plan,
                                                           std::int64_t capacity, bool keep_code);

}  // namespace infsim::compiler
