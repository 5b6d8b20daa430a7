// Planes in the order of device DRAM: what a transfer would move element by element travels in runs, and ACT and POOL
// bring it into the order that is wanted.
#pragma once

#include <optional>

#include "compiler/lower/layouts.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// `layout` with neighbours in device DRAM, where the tensor lies as `s` says, beside each other in the planes. Lanes
/// and, as far as possible, rows stay. Nothing where they are neighbours already or lie on different partitions.
std::optional<Layout> in_order_of(const Strided& s, const Layout& layout);

/// The copies that bring planes from one layout of a tensor into another, where that is possible and `low` may.
std::optional<ArrangeOp> reordered(const Lowering& low, const Layout& from, const Layout& to);

}  // namespace infsim::compiler
