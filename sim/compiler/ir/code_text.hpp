// Virtual code, plans and placements as text.
#pragma once

#include <iosfwd>
#include <string>

#include "compiler/ir/code.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/ir/plan.hpp"

namespace infsim::compiler {

/// Queues, segments with their recipes, buffers, loads, then the instructions in serial order. Each has one line,
/// written one by one because codes are long: "17 q0 l3 i0 | matmul dst=psum[0+64]@0:fp32(49*1)
/// moving=b4[0+64]@0:fp16(49*1)". Operations read as in the text of a Program, except that their operands lie in
/// buffers: b4 stands for the future place of buffer 4, and offsets count from its start. "| load 5" marks an
/// instruction of load 5.
void write_text(const Code& code, std::ostream& out);
std::string to_text(const Code& code);

/// What the plan sets, one item per line; sections and per-layer choices as runs of layers.
std::string to_text(const Plan& plan);

/// Addresses and lifetimes by buffer, then the order of the instructions, as runs of those that are consecutive in the
/// code.
std::string to_text(const Placement& placement);

}  // namespace infsim::compiler
