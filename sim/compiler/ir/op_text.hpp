// What a layer does, as written in the text of a Network.
#pragma once

#include <string>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// "conv", "pool", "head_matmul", ...: names the alternative of LayerOp.
const char* op_name(const LayerOp& op);

/// " key=value" for every field of the operation without its default value.
std::string op_text(const LayerOp& op);

/// "v5[0+2]": slots 0 and 1 of value 5.
std::string to_text(const Part& part);
/// "v5[0+2] (1, channel:128, row:14, col:14)": the place, then the logical axes, each the product of its factors; a
/// step other than 1 follows its factor after a slash.
std::string to_text(const View& view);
/// "scratch v7 @0 (4*56, 56*1)": the source, the offset in elements, then the axes as extent*stride.
std::string to_text(const Strided& strided);

}  // namespace infsim::compiler
