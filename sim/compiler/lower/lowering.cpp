#include "compiler/lower/lowering.hpp"

#include <utility>

namespace infsim::compiler {

Physical Lowering::phys_of(const View& view) const {
    Physical phys = value(view).phys;
    phys.lanes.assign(phys.lanes.begin() + view.first_slot, phys.lanes.begin() + view.first_slot + view.slots);
    return phys;
}

ValueId Lowering::new_value(const std::string& name, Physical phys, DType dtype) {
    return net.values.push_back({name, std::move(phys), dtype, graph::kNoTensor});
}

Layout Lowering::free_layout(const graph::Shape& shape) const {
    const auto thin = options.moves_on_chip ? thin_layout(shape, net.slots) : std::nullopt;
    return thin ? *thin : default_layout(shape, source.columns);
}

View Lowering::whole(ValueId value, Axes axes) const {
    return {value, 0, net.values.at(value).phys.slots(), without_units(std::move(axes))};
}

View Lowering::new_output(const graph::Node& last, const Layout& layout, DType dtype) {
    const graph::TensorId out = last.outputs[0];
    return at.views[out] = whole(new_value(source.name(out), layout.phys, dtype), layout.axes);
}

Layer& Lowering::add_layer(const graph::Node& of, std::string kind, LayerOp op, const std::vector<View>& inputs,
                           const View& output) {
    Layer layer;
    layer.name = of.name;
    layer.kind = std::move(kind);
    layer.op = std::move(op);
    for (const View& in : inputs) layer.inputs.push_back(part_of(in));
    layer.output = part_of(output);
    return net.layers[net.layers.push_back(std::move(layer))];
}

}  // namespace infsim::compiler
