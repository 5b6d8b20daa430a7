// Tensors whose rows in device DRAM lie across the partitions: the PE turns them on chip, so that whole rows travel.
#pragma once

#include <optional>

#include "compiler/lower/layouts.hpp"
#include "compiler/lower/lowering.hpp"

namespace infsim::compiler {

/// A layout with lanes and planes exchanged, of the same elements as a tensor of `shape`: neighbouring axes that walk
/// over the plane together are one.
struct Turned {
    Layout layout;
    graph::Shape shape;
    int heads = 1;
};
/// The other side of `layout`; nothing where the PE cannot turn it.
std::optional<Turned> turned(const Layout& layout, DType dtype, const SlotGeometry& slots);

/// What is stored in place of `view`: the same elements in the same order, in whole rows where that is worth a turn.
View with_rows_on_partitions(Lowering& low, const View& view);
/// How the tensor in device DRAM is fetched where its rows lie across the partitions of `layout`, and what the PE turns
/// then; nothing where it is fetched as it is.
std::optional<Turned> fetched_turned(const Lowering& low, const Strided& s, const Layout& layout, DType dtype);
/// The same of boxes that fill parts of `layout`: they become boxes of the turned layout.
std::optional<Turned> fetched_turned(const Lowering& low, std::vector<FetchBox>& boxes, const Layout& layout,
                                     DType dtype);

}  // namespace infsim::compiler
