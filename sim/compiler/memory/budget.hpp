// How much of the state buffer the compiler may use, and which bound sets that.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/options.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

constexpr const char* kPhysicalBinding = "state buffer";

/// Bytes per partition; `binding` names the smallest of the bounds: "state buffer" (the chip's), "sb_size" or
/// "state_buffer_budget" (options). If bounds are equal, the chip's is named.
struct Budget {
    std::int64_t bytes = 0;
    std::string binding;
};

/// The smallest of the chip's state buffer, place.sb_size times its unit and place.state_buffer_budget, rounded down to
/// four bytes (loads are placed downwards from it, and fp32 needs alignment). A size of 0 is no bound.
Budget budget_of(const CompileOptions& options, const program::Target& target);

/// " by sb_size, of 98304 on the chip", for sentences that state the budget; empty if the chip's own size binds.
std::string binding_note(const Budget& budget, const program::Target& target);

}  // namespace infsim::compiler
