// Networks as text: one value or layer per line.
#pragma once

#include <iosfwd>
#include <string>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Inputs and outputs with their views, values with their layouts, literals, then the layers in the order they run: "l3
/// v5[0+1] = conv v4[0+1] | weight=t7(o*576,c*9,r*3,s*1) bias=t8 kernel=3x3 ... | "name" kind="conv" macs=1234". Values
/// are v, layers l, tensors of the graph t. Fields with their default value are omitted. Equal Networks give equal
/// bytes.
void write_text(const Network& network, std::ostream& out);
std::string to_text(const Network& network);

}  // namespace infsim::compiler
