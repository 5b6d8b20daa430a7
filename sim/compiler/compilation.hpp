// A compilation in progress: what was asked for, and the form that the passes have reached.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/dtype.hpp"
#include "compiler/ir/code.hpp"
#include "compiler/ir/network.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/memory/budget.hpp"
#include "compiler/memory/spill.hpp"
#include "compiler/options.hpp"
#include "compiler/search/fit.hpp"
#include "graph/graph.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

/// The forms of a compilation, in order. A pass takes one and leaves the same or a later one.
enum class Form : std::uint8_t {
    graph,
    network,    ///< layers over values with layouts
    decision,   ///< in addition to the Network: its plan, evictions, and all addresses
    code,       ///< virtual code replaces the Network's layers
    placement,  ///< in addition to the Code: addresses, and the order of the instructions
    queues,     ///< a Program whose segments have no addresses yet
    program,
};

struct Compilation {
    const graph::Graph& graph;
    const hw::ChipSpec& spec;
    program::Target target;
    int batch = 1;
    DType dtype = DType::fp16, io_dtype = DType::fp16;
    CompileOptions options;        ///< resolved
    Budget budget;                 ///< state buffer
    bool explain = false;          ///< see CompileExtras
    bool first_that_fits = false;  ///< see SearchInput
    /// Plans that fitting tries in turn, and whether it may spill; empty: every plan of the plain compiler.
    std::vector<Plan> plans;
    bool may_spill = true;
    bool keeps_code = true;  ///< of dry runs, for the plan that is taken
    int rotation = 0;        ///< as in AllocateOptions; 0: as usual
    bool may_evict = true;   ///< whether anything may leave the state buffer at all, or weights may arrive in parts

    Form form = Form::graph;  ///< the current form; of earlier forms, only what later passes still need is kept
    Network network;
    std::optional<Decision> decision;
    Code code;
    SpillReport spills;  ///< what the evictions amounted to once carried out
    Placement placement;
    program::Program program;
};

}  // namespace infsim::compiler
