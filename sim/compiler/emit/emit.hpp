// From a Network and a Plan to virtual code: every instruction with its operands, on buffers without addresses.
#pragma once

#include <cstdint>
#include <variant>

#include "compiler/emit/emission_ends.hpp"
#include "compiler/emit/input.hpp"
#include "compiler/ir/code.hpp"
#include "compiler/ir/plan.hpp"

namespace infsim::compiler {

/// A code that was watched while it was made.
struct WatchedCode {
    Code code;
    bool whole = false;  ///< it is a short one and holds its instructions; otherwise all but those
};

/// Gives every instruction of a plan's code to `watcher`. BufferTooLarge as soon as a buffer takes more than
/// `capacity` bytes per partition; a refusal where the chip cannot run such a code, whatever lies where. Throws
/// InputError for a network that no batch can run.
std::variant<WatchedCode, BufferTooLarge, DoesNotFit> emit_watched(const EmitInput& input, const Plan& plan,
                                                                   CodeSink& watcher, std::int64_t capacity);

/// Whether two plans come to the same code, as far as that is seen without making it: they may differ in what makes no
/// difference to this network.
bool same_code(const EmitInput& input, const Plan& a, const Plan& b);

/// The code of a plan that has been watched to its end.
Code emit(const EmitInput& input, const Plan& plan);

}  // namespace infsim::compiler
