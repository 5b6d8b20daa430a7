// Private to the verifier of networks: its parts.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/ir/network.hpp"
#include "compiler/ir/violations.hpp"

namespace infsim::compiler {

struct NetworkCheck {
    const Network& network;
    const graph::Graph& graph;
    Violations& violations;

    const Value& value(ValueId id) const { return network.values[id]; }
    /// For the slots of a part that is_there().
    Physical layout(const Part& part) const;
    bool exists(ValueId id) const { return id.exists() && id.index() < network.values.size(); }
};

/// Lowest and highest position that a walk over factors reaches.
struct Reach {
    std::int64_t low = 0, high = 0;
    void add(std::int64_t extent, std::int64_t step) { (step < 0 ? low : high) += (extent - 1) * step; }
    bool within(std::int64_t count) const { return low >= 0 && high < count; }
};

/// Checks that the part's value and slots exist. `where` begins the message.
bool verify_part(const NetworkCheck& check, const Part& part, const std::string& where);
/// The same for a view, whose factors must stay inside the value's layout.
bool verify_view(const NetworkCheck& check, const View& view, const std::string& where);
/// Checks that the tensor is a constant of the graph.
bool verify_constant(const NetworkCheck& check, graph::TensorId tensor, const std::string& where);
/// Checks that operands and constants of a layer, whose parts exist, fit each other.
void verify_operands(const NetworkCheck& check, const Layer& layer, const std::string& where);
/// Checks that a walk over device DRAM stays inside what it reads.
void verify_strided(const NetworkCheck& check, const Strided& strided, const std::string& where);

}  // namespace infsim::compiler
