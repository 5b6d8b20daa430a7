// From plans to a Program: fit, schedule, report; and which of several Programs is the best.
#pragma once

#include <variant>
#include <vector>

#include "compiler/ir/network.hpp"
#include "compiler/ir/plan.hpp"
#include "compiler/memory/budget.hpp"
#include "compiler/outcome.hpp"
#include "hw/spec.hpp"

namespace infsim::compiler {

/// Everything that the steps behind the Network need to know.
struct Assembly {
    const graph::Graph& graph;
    const Network& network;
    const hw::ChipSpec& spec;
    program::Target target;
    int batch = 1;
    DType dtype = DType::fp16, io_dtype = DType::fp16;
    const CompileOptions& options;
    Budget budget;
    bool explain = false;  ///< see compile()
};

/// The Program of the first of `plans` that fits; see fit() for the order of trying. `spill` forbids spilling where
/// false.
struct Assembled {
    Compiled compiled;
    Plan plan;
};
std::variant<Assembled, DoesNotFit> assemble(const Assembly& assembly, const std::vector<Plan>& plans, bool spill);

/// The plain compiler's Program or refusal; with search options, the Program with the shortest estimate among that one
/// and those of the search's plans. A plan of the search is taken in place of a refusal, too.
CompileResult best_program(const Assembly& assembly);

}  // namespace infsim::compiler
