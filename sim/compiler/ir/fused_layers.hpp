// Layers that work row by row, and consecutive ones that run fused: in stripes of rows, so that of the tensors between
// them only the current rows exist.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/ir/network.hpp"

namespace infsim::compiler {

/// Rows [lo, hi).
struct RowRange {
    int lo = 0, hi = 0;
    int count() const { return hi - lo; }
};

/// Which rows of an input the rows of a layer's output need.
class RowReads {
public:
    /// Output row r reads rows r * stride - pad and the `reach` - 1 after it, as far as the input has them.
    RowReads(int stride, int pad, int reach) : stride_(stride), pad_(pad), reach_(reach) {}
    /// By output row.
    explicit RowReads(std::vector<RowRange> table) : table_(std::move(table)) {}
    /// What output rows `out` need of an input with `rows` rows: at least one row.
    RowRange of(RowRange out, int rows) const;

private:
    int stride_ = 1, pad_ = 0, reach_ = 1;
    std::vector<RowRange> table_;
};

/// The layers that write and read a value, in layer order, and whether the host reads it.
struct ValueUse {
    std::vector<LayerId> writers, readers;
    bool leaves = false;
};

/// What is known about a network's rows.
struct NetworkRows {
    explicit NetworkRows(const Network& network);

    IdVector<ValueId, ValueUse> uses;
    /// By layer and input; empty if the layer needs all of the input, or does not work row by row. Later rows of the
    /// output never need earlier rows of the input than those before them.
    IdVector<LayerId, std::vector<std::optional<RowReads>>> reads;
};

/// Whether layers [first, end) can run fused: all of them work row by row, what they make is read by later ones of them
/// (the last one's output aside), and at least one tensor is read by nobody else.
bool can_fuse(const Network& network, const NetworkRows& rows, LayerId first, LayerId end);

/// Layers [first, end) that run fused: the stem, or layers for which can_fuse() holds.
class FusedLayers {
public:
    /// The input of the first layer, or what a layer makes.
    struct Item {
        ValueId value;
        LayerId maker;         ///< the first one; none for the input
        bool streams = false;  ///< nobody else reads or writes it, so only some of its rows need exist at a time
    };
    /// `network` and `rows` must outlive it.
    FusedLayers(const Network& network, const NetworkRows& rows, LayerId first, LayerId end);

    LayerId first() const { return first_; }
    LayerId end() const { return end_; }
    /// The input first, then in the order of their makers.
    const std::vector<Item>& items() const { return items_; }
    /// The item that a layer makes.
    std::size_t made_by(LayerId layer) const { return position_.at(network_.layers[layer].output.value); }
    /// Rows of the last layer's output.
    int rows() const { return rows_of(made_by(end_.next(-1))); }

    /// By item, the rows that must be there for rows `last` of the last layer's output, if rows [0, done) have already
    /// been made. Of an item that does not stream, its next rows. `only_new`: rows that only rows already made need are
    /// left out.
    std::vector<RowRange> needed(RowRange last, const std::vector<int>& done, bool only_new) const;
    /// Calls visit(need, done) for every stripe of `stripe_rows` rows, in order; see needed().
    template <class Visit>
    void for_each_stripe(int stripe_rows, bool only_new, Visit&& visit) const {
        std::vector<int> done(items_.size(), 0);
        for (int row = 0; row < rows(); row += stripe_rows) {
            const auto need = needed({row, std::min(row + stripe_rows, rows())}, done, only_new);
            visit(need, std::as_const(done));
            for (std::size_t i = 0; i < need.size(); ++i) done[i] = std::max(done[i], need[i].hi);
        }
    }
    /// By item, the most rows that a stripe needs.
    std::vector<int> window_rows(int stripe_rows, bool only_new) const;

private:
    const Network& network_;
    const NetworkRows& rows_;
    LayerId first_, end_;
    std::vector<Item> items_;
    std::map<ValueId, std::size_t> position_;

    void widen_by_inputs(LayerId layer, RowRange made, std::vector<RowRange>& need) const;
    int rows_of(std::size_t item) const { return network_.values[items_[item].value].phys.rows; }
    bool is_last(std::size_t item) const { return items_[item].value == network_.layers[end_.next(-1)].output.value; }
};

}  // namespace infsim::compiler
