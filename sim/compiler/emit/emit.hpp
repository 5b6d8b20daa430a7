// From a Network and a Plan to virtual code: every instruction with its operands, on buffers without addresses.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "compiler/emit/emission_ends.hpp"
#include "compiler/emit/input.hpp"
#include "compiler/ir/code.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/ir/scratch_places.hpp"

namespace infsim::compiler {

/// A code that was watched during its emission.
struct WatchedCode {
    Code code;
    bool whole = false;                  ///< it is short and holds its instructions; otherwise everything but those
    std::vector<ScratchPlaces> scratch;  ///< segments whose images may take turns
};

/// Passes every instruction of a plan's code to `watcher`. A short code is kept if `keep`. BufferTooLarge as soon as a
/// buffer takes more than `capacity` bytes per partition; a refusal if the chip cannot run such code, wherever its
/// buffers lie. Throws InputError for a network that cannot run at any batch.
std::variant<WatchedCode, BufferTooLarge, DoesNotFit> emit_watched(const EmitInput& input, const Plan& plan,
                                                                   CodeSink& watcher, std::int64_t capacity,
                                                                   bool keep = true);

/// Whether two plans give the same code, as far as can be told without emitting it: they may differ in ways that do not
/// matter to this network.
bool same_code(const EmitInput& input, const Plan& a, const Plan& b);

/// The code of a plan that has been watched to the end.
Code emit(const EmitInput& input, const Plan& plan);

}  // namespace infsim::compiler
