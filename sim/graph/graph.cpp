#include "graph/graph.hpp"

#include "base/check.hpp"

namespace infsim::graph {
namespace {

template <class T>
const T& attribute(const Node& node, std::string_view name) {
    const auto found = node.attributes.find(name);
    INFSIM_CHECK(found != node.attributes.end(),
                 "node '" + node.name + "' has no attribute '" + std::string(name) + "'");
    const T* value = std::get_if<T>(&found->second);
    INFSIM_CHECK(value != nullptr,
                 "attribute '" + std::string(name) + "' of node '" + node.name + "' has the wrong type");
    return *value;
}

}  // namespace

std::int64_t element_count(const Shape& shape) {
    std::int64_t count = 1;
    for (const auto extent : shape) count *= extent;
    return count;
}

std::int64_t attribute_int(const Node& node, std::string_view name) { return attribute<std::int64_t>(node, name); }
double attribute_float(const Node& node, std::string_view name) { return attribute<double>(node, name); }
const std::string& attribute_string(const Node& node, std::string_view name) {
    return attribute<std::string>(node, name);
}
const std::vector<std::int64_t>& attribute_ints(const Node& node, std::string_view name) {
    return attribute<std::vector<std::int64_t>>(node, name);
}
const std::vector<double>& attribute_floats(const Node& node, std::string_view name) {
    return attribute<std::vector<double>>(node, name);
}
bool has_attribute(const Node& node, std::string_view name) {
    return node.attributes.find(name) != node.attributes.end();
}

}  // namespace infsim::graph
