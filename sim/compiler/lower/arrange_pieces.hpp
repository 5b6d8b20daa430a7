// The copies that rearrange a tensor: numbers only.
#pragma once

#include <optional>
#include <vector>

#include "compiler/lower/layouts.hpp"

namespace infsim::compiler {

/// Most instructions for moving one tensor on chip, per pair of slots; what takes more goes through device DRAM.
constexpr std::size_t kMostCopies = 256;

/// Output indices at + i * stride .. + repeat - 1 of an axis take input index first + i * step.
struct IndexRun {
    std::int64_t at = 0, first = 0, count = 1, step = 1, repeat = 1, stride = 1;
};
/// The runs of an index list; negative indices belong to none.
std::vector<IndexRun> index_runs(const std::vector<std::int64_t>& list);

/// Runs of the output indices that have the same weight.
struct WeightedRuns {
    float weight = 1;
    std::vector<IndexRun> runs;
};
/// Output index i takes input index picks[i] times weights[i].
std::vector<WeightedRuns> weighted_runs(const std::vector<std::int64_t>& picks, const std::vector<float>& weights);

/// Where an axis of the output gets its elements from, on the same axis of the input.
struct AxisSource {
    bool all = true;             ///< every index, in order
    bool repeats = false;        ///< its only index, everywhere
    std::vector<IndexRun> runs;  ///< otherwise
};

/// The copies that fill `out` from `in`, axis by axis as `sources` says. Empty if an element would change its
/// partition, an axis is not a walk of equal steps, or there are more than `most` copies.
std::optional<std::vector<ArrangeOp::Piece>> arrange_pieces(const Layout& in, const Layout& out,
                                                            const std::vector<AxisSource>& sources, std::size_t most);

/// A layout for `shape` with the lanes of `like`: factors of its axes on partitions stay, the others lie in the plane
/// in order; an image stays an image.
Layout layout_beside(const Layout& like, const graph::Shape& shape);

}  // namespace infsim::compiler
