// The table of operators: what lowering can do with each, which is checked before it is done.
#pragma once

#include <optional>
#include <string>

#include "compiler/lower/fuse.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// What to lower: a single node, or the node at the head of a fusion with all nodes up to `last`.
struct Task {
    const graph::Node& node;
    const graph::Node& last;
    const Fusion* fusion = nullptr;
};

/// The direct way: few layers, for tensors in a layout that suits the operator. `can` looks at prospects and changes
/// nothing; `lower` may only be called if it returns true.
struct DirectWay {
    bool (*can)(const Lowering&, const Task&) = nullptr;
    void (*lower)(Lowering&, const Task&) = nullptr;
};

/// The general way: any layout, through device DRAM if necessary. `refusal` says why not, if that is known in advance
/// (null: it always works); after that only limits of the chip can stop it, which the lowering notes.
struct GeneralWay {
    std::optional<std::string> (*refusal)(const Lowering&, const graph::Node&) = nullptr;
    void (*lower)(Lowering&, const graph::Node&) = nullptr;
};

struct Operator {
    graph::Op op = graph::Op::identity;
    DirectWay direct;
    GeneralWay general;
};

/// The table row of an operator. An operator without any way is refused.
Operator operator_for(graph::Op op);

/// A direct way from the two halves of a rule: `Plan` finds out how, or that it is impossible; `Build` carries it out.
template <auto Plan, auto Build>
constexpr DirectWay direct() {
    return {[](const Lowering& low, const Task& task) { return Plan(low, task).has_value(); },
            [](Lowering& low, const Task& task) { Build(low, task, *Plan(low, task)); }};
}

}  // namespace infsim::compiler
