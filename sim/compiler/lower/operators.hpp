// The table of operators: what lowering can do with each, asked before it does it.
#pragma once

#include <optional>
#include <string>

#include "compiler/lower/fuse.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// What is to be lowered: a node alone, or the node at the head of a fusion with all up to `last`.
struct Task {
    const graph::Node& node;
    const graph::Node& last;
    const Fusion* fusion = nullptr;
};

/// The direct way: few layers, for tensors that lie as the operator likes it. `can` looks at prospects and changes
/// nothing; `lower` may only be called where it says yes.
struct DirectWay {
    bool (*can)(const Lowering&, const Task&) = nullptr;
    void (*lower)(Lowering&, const Task&) = nullptr;
};

/// The general way: any layout, by device DRAM where need be. `refusal` says why not, where that can be said
/// beforehand (none: it always can); on the way only limits of the chip are met, which the lowering notes.
struct GeneralWay {
    std::optional<std::string> (*refusal)(const Lowering&, const graph::Node&) = nullptr;
    void (*lower)(Lowering&, const graph::Node&) = nullptr;
};

struct Operator {
    graph::Op op = graph::Op::identity;
    DirectWay direct;
    GeneralWay general;
};

/// The row of an operator. One without any way is refused.
Operator operator_for(graph::Op op);

/// A direct way out of a rule's two halves: `Plan` finds out how, or that it cannot be; `Build` does as planned.
template <auto Plan, auto Build>
constexpr DirectWay direct() {
    return {[](const Lowering& low, const Task& task) { return Plan(low, task).has_value(); },
            [](Lowering& low, const Task& task) { Build(low, task, *Plan(low, task)); }};
}

}  // namespace infsim::compiler
