#include "compiler/ir/verify_network.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/op_text.hpp"
#include "compiler/ir/verify_parts.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

namespace {

std::string name_of(ValueId id) { return fmt::format("v{}", id.value()); }

void verify_value(const NetworkCheck& check, ValueId id) {
    const Value& value = check.value(id);
    const std::string where = fmt::format("value {} '{}'", name_of(id), value.name);
    Violations& v = check.violations;
    if (value.scratch_elements > 0) {
        v.require(value.phys.lanes.empty(), where, "lies in device DRAM and has slots");
        v.require(value.input == graph::kNoTensor, where, "lies in device DRAM and is a graph input");
        return;
    }
    v.require(!value.phys.lanes.empty(), where, "has no slots and no place in device DRAM");
    v.require(std::all_of(value.phys.lanes.begin(), value.phys.lanes.end(), [](int n) { return n > 0; }), where,
              "has a slot without channels");
    v.require(value.phys.rows > 0 && value.phys.cols > 0, where, "has no rows or columns");
    const auto& inputs = check.graph.inputs;
    v.require(value.input == graph::kNoTensor || std::find(inputs.begin(), inputs.end(), value.input) != inputs.end(),
              where, fmt::format("is filled by t{}, which is not a graph input", value.input));
}

/// Which slots have been written, by value; a value in device DRAM counts as one slot.
class Written {
public:
    explicit Written(const NetworkCheck& check) : check_(check) {
        for (const Value& value : check.network.values)
            slots_.push_back(
                std::vector<bool>(std::max<std::size_t>(1, value.phys.lanes.size()), value.input != graph::kNoTensor));
    }
    bool all(const Part& part) const {
        const auto [first, last] = range(part);
        return std::all_of(first, last, [](bool written) { return written; });
    }
    /// False if one of them had already been written.
    bool add(const Part& part) {
        const auto [first, last] = range(part);
        const bool fresh = std::none_of(first, last, [](bool written) { return written; });
        std::vector<bool>& slots = slots_[ValueId(part.value)];
        std::fill(slots.begin() + (first - slots.cbegin()), slots.begin() + (last - slots.cbegin()), true);
        return fresh;
    }

private:
    const NetworkCheck& check_;
    IdVector<ValueId, std::vector<bool>> slots_;

    std::pair<std::vector<bool>::const_iterator, std::vector<bool>::const_iterator> range(const Part& part) const {
        const std::vector<bool>& slots = slots_[ValueId(part.value)];
        if (check_.value(part.value).scratch_elements > 0) return {slots.begin(), slots.end()};
        return {slots.begin() + part.first_slot, slots.begin() + part.first_slot + part.slots};
    }
};

void verify_layer(const NetworkCheck& check, LayerId id, const Layer& layer, Written& written) {
    const std::string where = fmt::format("layer l{} '{}'", id.value(), layer.name);
    bool there = verify_part(check, layer.output, where + " writes");
    for (const Part& in : layer.inputs) there = verify_part(check, in, where + " reads") && there;
    if (!there) return;
    for (const Part& in : layer.inputs)
        check.violations.require(written.all(in), where, "reads " + to_text(in) + ", which nothing has written");
    check.violations.require(written.add(layer.output), where,
                             "writes " + to_text(layer.output) + ", which has been written before");
    verify_operands(check, layer, where);
}

void verify_inputs(const NetworkCheck& check) {
    const auto& [network, graph, violations] = check;
    if (!violations.require(network.inputs.size() == graph.inputs.size(), "inputs",
                            fmt::format("{} of {}", network.inputs.size(), graph.inputs.size())))
        return;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
        const View& view = network.inputs[i];
        const std::string where = fmt::format("input {}", i);
        if (!ValueId(view.value).exists() || !verify_view(check, view, where)) continue;
        violations.require(check.value(view.value).input == graph.inputs[i], where,
                           fmt::format("lies in {}, which t{} does not fill", name_of(view.value), graph.inputs[i]));
    }
}

void verify_outputs(const NetworkCheck& check, const Written& written) {
    const auto& [network, graph, violations] = check;
    if (!violations.require(network.outputs.size() == graph.outputs.size(), "outputs",
                            fmt::format("{} of {}", network.outputs.size(), graph.outputs.size())))
        return;
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
        const View& view = network.outputs[i];
        const std::string where = fmt::format("output {}", i);
        if (!verify_view(check, view, where)) continue;
        violations.require(written.all({view.value, view.first_slot, view.slots}), where, "is not written");
        const std::int64_t wanted = graph::element_count(graph.tensor(graph.outputs[i]).shape);
        const std::int64_t found = graph::element_count(shape_of(view));
        violations.require(found == wanted, where, fmt::format("has {} elements, its tensor {}", found, wanted));
    }
}

void verify_stem(const NetworkCheck& check) {
    const auto& [network, graph, violations] = check;
    const auto count = static_cast<std::size_t>(std::max(0, network.stem_layers));
    if (!violations.require(network.stem_layers >= 0 && count <= network.layers.size(), "stem",
                            fmt::format("{} of {} layers", network.stem_layers, network.layers.size())))
        return;
    ValueId before = kNoValue;
    LayerId id(0);
    for (const Layer& layer : network.layers) {
        if (id.index() >= count) break;
        const std::string where = fmt::format("layer l{} '{}'", id.value(), layer.name);
        ++id;
        if (!violations.require(!layer.inputs.empty(), where, "is in the stem and reads nothing")) return;
        const ValueId in = layer.inputs[0].value;
        const bool chained = before.exists() ? in == before : check.value(in).input != graph::kNoTensor;
        violations.require(chained, where, "is in the stem and does not read the layer before");
        const bool alone =
            std::count_if(network.layers.begin(), network.layers.end(), [&](const Layer& l) {
                return std::any_of(l.inputs.begin(), l.inputs.end(), [&](const Part& p) { return p.value == in; });
            }) == 1;
        violations.require(alone, where, "is in the stem and is not the only reader of its input");
        before = layer.output.value;
    }
}

}  // namespace

std::vector<std::string> verify(const Network& network, const graph::Graph& graph, std::size_t limit) {
    Violations violations(limit);
    const NetworkCheck check{network, graph, violations};
    ValueId value(0);
    for (std::size_t n = 0; n < network.values.size(); ++n, ++value) verify_value(check, value);
    verify_inputs(check);
    Written written(check);
    LayerId id(0);
    for (const Layer& layer : network.layers) {
        verify_layer(check, id, layer, written);
        ++id;
    }
    verify_outputs(check, written);
    if (auto found = violations.take(); !found.empty()) return found;  // the stem's check needs valid parts
    verify_stem(check);
    return violations.take();
}

}  // namespace infsim::compiler
