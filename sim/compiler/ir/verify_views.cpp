// Checks of single parts, views and walks over device DRAM.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/ir/op_text.hpp"
#include "compiler/ir/verify_parts.hpp"

namespace infsim::compiler {

Physical NetworkCheck::layout(const Part& part) const {
    Physical phys = value(part.value).phys;
    if (!phys.lanes.empty())
        phys.lanes = {phys.lanes.begin() + part.first_slot, phys.lanes.begin() + part.first_slot + part.slots};
    return phys;
}

bool verify_part(const NetworkCheck& check, const Part& part, const std::string& where) {
    Violations& v = check.violations;
    if (!v.require(check.exists(part.value), where, to_text(part) + ", a value that does not exist")) return false;
    const Value& value = check.value(part.value);
    const int least = value.scratch_elements > 0 ? 0 : 1;
    return v.require(part.first_slot >= 0 && part.slots >= least && part.first_slot + part.slots <= value.phys.slots(),
                     where, to_text(part) + fmt::format(", of a value of {} slots", value.phys.slots()));
}

namespace {

/// The reach of the factors in each physical dimension; channels and lanes are one.
struct ViewReach {
    Reach channel, slot, row, col;

    explicit ViewReach(const View& view) {
        for (const auto& axis : view.axes)
            for (const Factor& f : axis) of(f.dim).add(f.extent, f.step);
    }
    Reach& of(Dim dim) {
        switch (dim) {
            case Dim::channel:
            case Dim::lane: break;
            case Dim::slot: return slot;
            case Dim::row: return row;
            case Dim::col: return col;
        }
        return channel;
    }
};

}  // namespace

bool verify_view(const NetworkCheck& check, const View& view, const std::string& where) {
    const Part part{view.value, view.first_slot, view.slots};
    if (!verify_part(check, part, where)) return false;
    const Physical phys = check.layout(part);
    const ViewReach reach(view);
    const bool inside = reach.channel.within(phys.channels()) && reach.slot.within(phys.slots()) &&
                        reach.row.within(phys.rows) && reach.col.within(phys.cols);
    if (!check.violations.require(inside, where, to_text(view) + " leaves the layout of its value")) return false;
    std::int64_t elements = 1;
    for (const auto& axis : view.axes)
        for (const Factor& f : axis) elements *= f.extent;
    const std::int64_t all = phys.channels() * phys.plane();
    return check.violations.require(elements == all, where,
                                    to_text(view) + fmt::format(" gives {} elements of {}", elements, all));
}

bool verify_constant(const NetworkCheck& check, graph::TensorId tensor, const std::string& where) {
    const auto& tensors = check.graph.tensors;
    const bool there = tensor >= 0 && static_cast<std::size_t>(tensor) < tensors.size() &&
                       check.graph.tensor(tensor).kind == graph::TensorKind::constant;
    return check.violations.require(there, where, fmt::format("t{} is not a constant of the graph", tensor));
}

namespace {

/// Number of elements, for one image, of what a walk reads; -1 if that does not exist.
std::int64_t source_elements(const NetworkCheck& check, const Strided& s) {
    const auto& [network, graph, violations] = check;
    const auto index = static_cast<std::size_t>(s.index);
    if (s.index < 0) return -1;
    switch (s.source) {
        case Strided::Source::scratch:
            return index < network.values.size() ? check.value(ValueId(s.index)).scratch_elements : -1;
        case Strided::Source::input:
            return index < graph.inputs.size() ? graph::element_count(graph.tensor(graph.inputs[index]).shape) : -1;
        case Strided::Source::constant:
            return index < graph.tensors.size() ? graph::element_count(graph.tensors[index].shape) : -1;
        case Strided::Source::literal:
            return index < network.literals.size() ? static_cast<std::int64_t>(network.literals[index].size()) : -1;
    }
    return -1;
}

}  // namespace

void verify_strided(const NetworkCheck& check, const Strided& strided, const std::string& where) {
    const std::int64_t elements = source_elements(check, strided);
    if (!check.violations.require(elements >= 0, where, to_text(strided) + " reads what does not exist")) return;
    Reach reach{strided.offset, strided.offset};
    for (const auto& axis : strided.axes)
        for (const StrideFactor& f : axis) reach.add(f.extent, f.stride);
    check.violations.require(reach.within(elements), where,
                             to_text(strided) + fmt::format(" leaves its source of {} elements", elements));
}

}  // namespace infsim::compiler
