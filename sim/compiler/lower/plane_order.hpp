// Planes in the order of device DRAM: a transfer that would go element by element moves runs instead, and ACT and POOL
// rearrange them into the wanted order.
#pragma once

#include <optional>

#include "compiler/lower/layouts.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// `layout` changed so that neighbours in device DRAM, where the tensor lies as `s` says, are neighbours in the planes.
/// Lanes and, as far as possible, rows stay. Empty if they are already neighbours or lie on different partitions.
std::optional<Layout> in_order_of(const Strided& s, const Layout& layout);

/// The copies that convert planes from one layout of a tensor to another, if that is possible and `low` may.
std::optional<ArrangeOp> reordered(const Lowering& low, const Layout& from, const Layout& to);

}  // namespace infsim::compiler
