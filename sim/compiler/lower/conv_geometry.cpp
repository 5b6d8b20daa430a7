#include "compiler/lower/conv_geometry.hpp"

namespace infsim::compiler {

using graph::Shape;

ConvGeometry conv_geometry(const Lowering& low, const graph::Node& node, bool column) {
    const auto ints = [&](const char* name) { return graph::attribute_ints(node, name); };
    ConvGeometry g;
    g.weights = low.source.shape(node.inputs[1]);
    g.image = low.source.shape(node.inputs[0]);
    g.out = low.source.shape(node.outputs[0]);
    g.strides = ints("strides");
    g.dilations = ints("dilations");
    g.pads = ints("pads");
    if (g.weights.size() == 4) return g;
    g.unit_axis = column ? 3 : 2;
    for (Shape* s : {&g.weights, &g.image, &g.out}) s->insert(s->begin() + g.unit_axis, 1);
    for (Shape* s : {&g.strides, &g.dilations}) s->insert(column ? s->end() : s->begin(), 1);
    g.pads = column ? Shape{g.pads[0], 0, g.pads[1], 0} : Shape{0, g.pads[0], 0, g.pads[1]};
    return g;
}

}  // namespace infsim::compiler
