// What every operator of the IR takes: arity and attributes. The one table behind op names, `check`, the JSON form, and
// the import of ONNX's operators that mean the same; README.md explains the attributes.
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
    std::vector<AttributeSpec> attributes;  ///< every one of them must be present in a Node, and no other
    std::string_view onnx = {};             ///< ONNX's operator that becomes this one with the same inputs, if one does
};

constexpr int kAnyNumber = 1 << 20;

/// One entry per Op, in the order of the enumeration.
const std::vector<OpSpec>& op_specs();
const OpSpec& op_spec(Op op);

/// "integer", "list of integers", ...: for messages.
std::string_view attribute_type_name(AttributeType type);
/// The type an attribute value has.
AttributeType type_of(const Attribute& attribute);

}  // namespace infsim::graph
