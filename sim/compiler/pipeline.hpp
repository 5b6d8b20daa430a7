// The passes of the compiler, in the order in which they run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/compilation.hpp"
#include "compiler/outcome.hpp"
#include "compiler/pass_names.hpp"

namespace infsim::compiler {

/// `optional`: runs only where CompileOptions::optional_passes names it.
enum class Presence : unsigned char { always, optional };

struct Pass {
    const char* name;
    Form needs, leaves;
    /// Returns a refusal where there can be no Program. What it tries on the way goes to `attempts`.
    std::optional<DoesNotFit> (*run)(Compilation&, std::vector<Attempt>& attempts);
    /// In a few words, what it did.
    std::string (*report)(const Compilation&);
    std::vector<Skip> skips;  ///< one with the name of the pass leaves all of it out, others a part
    /// Whether there is something to do; empty: always.
    bool (*wanted)(const Compilation&) = nullptr;
    Presence presence = Presence::always;
};

/// All passes. The one before leaves what the next one needs.
const std::vector<Pass>& pipeline();

}  // namespace infsim::compiler
