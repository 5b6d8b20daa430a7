// Algebra on views: reshapes and transposes that move no data, and the DRAM order of a view.
#pragma once

#include <optional>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// The view with its axes regrouped to `shape`; empty if that would move data.
std::optional<View> reshape(const View& view, const Physical& phys, const graph::Shape& shape);
/// The view in which axis i is axis perm[i] of the argument.
View transpose(const View& view, const std::vector<std::int64_t>& perm);

/// Extents of the logical axes.
graph::Shape shape_of(const View& view);

/// True if axis `axis` is exactly the single factor `dim` (or has extent 1 and so no factor).
bool axis_is(const View& view, std::size_t axis, Dim dim);
/// True if axis `axis` is all rows or all columns of the value, in order.
bool is_whole(const View& view, std::size_t axis, Dim dim, const Physical& phys);
/// True if the view's axes are [.., channel, row, col] and everything before the last three is empty.
bool is_image(const View& view);
/// True if the last axis is the channel axis and the others, in order, are rows and columns or parts of them.
bool is_tokens(const View& view);

/// Where the elements of a view lie in the row-major order of its logical tensor, for views whose rows and columns are
/// one factor each:
/// flat index = slot[s] + lane * lane_step + row * row_step + col * col_step, with s counted within the view.
struct RowMajor {
    std::vector<std::int64_t> slot;
    std::int64_t lane = 0, row = 0, col = 0;
};
RowMajor row_major(const View& view, const Physical& phys);

/// First channel of slot `slot` within the value.
int first_channel(const Physical& phys, int slot);
/// Splits `channels` channels into slots of at most `width`: all full but the last.
std::vector<int> split_channels(int channels, int width);

}  // namespace infsim::compiler
