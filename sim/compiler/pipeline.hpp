// The passes of the compiler, in the order in which they run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/compilation.hpp"
#include "compiler/outcome.hpp"
#include "compiler/pass_names.hpp"

namespace infsim::compiler {

/// `optional`: runs only if CompileOptions::optional_passes names it.
enum class Presence : unsigned char { always, optional };

struct Pass {
    const char* name;
    Form needs, leaves;
    /// Returns a refusal if there can be no Program. What it tries on the way goes to `attempts`.
    std::optional<DoesNotFit> (*run)(Compilation&, std::vector<Attempt>& attempts);
    /// What it did, in a few words.
    std::string (*report)(const Compilation&);
    std::vector<Skip> skips;  ///< one with the name of the pass skips all of it, others a part of it
    /// Whether there is work for it; empty: always.
    bool (*wanted)(const Compilation&) = nullptr;
    Presence presence = Presence::always;
};

/// All passes. Each leaves what the next one needs.
const std::vector<Pass>& pipeline();

}  // namespace infsim::compiler
