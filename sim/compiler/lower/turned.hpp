// Tensors whose rows in device DRAM lie across the partitions: the PE transposes them on chip, so that transfers move
// whole rows.
#pragma once

#include <optional>

#include "compiler/lower/layouts.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// A layout with lanes and planes exchanged, of the same elements as a tensor of `shape`: neighbouring axes that walk
/// over the plane together are merged.
struct Turned {
    Layout layout;
    graph::Shape shape;
    int heads = 1;
};
/// The transposed `layout`; empty if the PE cannot transpose it.
std::optional<Turned> turned(const Layout& layout, DType dtype, const SlotGeometry& slots);

/// What is stored instead of `view`: the same elements in the same order, in whole rows if that is worth a transpose.
View with_rows_on_partitions(Lowering& low, const View& view);
/// How a tensor in device DRAM is fetched if its rows lie across the partitions of `layout`, and what the PE then
/// transposes; empty if it is fetched as it is.
std::optional<Turned> fetched_turned(const Lowering& low, const Strided& s, const Layout& layout, DType dtype);
/// The same for boxes that fill parts of `layout`: they become boxes of the transposed layout.
std::optional<Turned> fetched_turned(const Lowering& low, std::vector<FetchBox>& boxes, const Layout& layout,
                                     DType dtype);

}  // namespace infsim::compiler
