// Arity and attributes of every operator of the IR. This one table serves op names, `check`, the JSON form and the
// import of ONNX's equivalent operators; README.md explains the attributes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace infsim::graph {

enum class AttributeType : std::uint8_t { integer, real, text, integers, reals };

struct AttributeSpec {
    std::string_view name;
    AttributeType type = AttributeType::integer;
};

struct OpSpec {
    Op op = Op::identity;
    std::string_view name;
    int min_inputs = 1;
    int max_inputs = 1;                     ///< kAnyNumber: no upper bound
    bool many_outputs = false;              ///< one output unless set
    std::vector<AttributeSpec> attributes;  ///< a Node must have all of them and no others
    std::string_view onnx = {};             ///< ONNX's operator with the same meaning and inputs, if any
};

constexpr int kAnyNumber = 1 << 20;

/// One entry per Op, in the order of the enumeration.
const std::vector<OpSpec>& op_specs();
const OpSpec& op_spec(Op op);

/// "integer", "list of integers", ...: for messages.
std::string_view attribute_type_name(AttributeType type);
/// The type of an attribute value.
AttributeType type_of(const Attribute& attribute);

}  // namespace infsim::graph
