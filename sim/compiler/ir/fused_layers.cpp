#include "compiler/ir/fused_layers.hpp"

#include <algorithm>
#include <utility>

#include "compiler/ir/readers.hpp"

namespace infsim::compiler {

namespace {

bool any_within(const std::vector<LayerId>& layers, LayerId first, LayerId end) {
    return std::any_of(layers.begin(), layers.end(), [&](LayerId l) { return first <= l && l < end; });
}

/// Whether only layers [first, end) touch a value, and read it after they have written it.
bool stays_within(const ValueUse& use, LayerId first, LayerId end) {
    return !use.leaves && !use.writers.empty() && !use.readers.empty() && first <= use.writers.front() &&
           use.writers.back() < use.readers.front() && use.readers.back() < end;
}

/// Whether a layer works row by row on what the others of [first, end) make, and they on what it makes.
bool fits_in(const Network& network, const NetworkRows& rows, LayerId first, LayerId end, LayerId l) {
    const Layer& layer = network.layers[l];
    const ValueId out = layer.output.value;
    const auto& reads = rows.reads[l];
    if (network.values[out].phys.rows < 2 || reads.empty() || !reads[0]) return false;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
        const ValueId in = layer.inputs[i].value;
        const std::vector<LayerId>& writers = rows.uses[in].writers;
        if (network.values[in].scratch_elements > 0) return false;
        if (!reads[i] && any_within(writers, first, end)) return false;
        if (any_within(writers, l, end)) return false;  // a concatenation that is still growing
    }
    return l.next() == end || any_within(rows.uses[out].readers, l.next(), end);
}

/// By output row, the rows of one input that an ArrangeOp moves there.
class ArrangedRows {
public:
    ArrangedRows(const Network& network, const Layer& layer, int input)
        : input_(input),
          in_cols_(network.values[layer.inputs[static_cast<std::size_t>(input)].value].phys.cols),
          out_cols_(network.values[layer.output.value].phys.cols),
          table_(static_cast<std::size_t>(network.values[layer.output.value].phys.rows)) {
        for (const ArrangeOp::Piece& piece : std::get<ArrangeOp>(layer.op).pieces)
            if (piece.input == input_) walk(piece, 0, piece.from, piece.to);
    }

    /// Empty if some row needs nothing, or an earlier row than the one before it.
    std::optional<RowReads> reads() const {
        for (std::size_t r = 0; r < table_.size(); ++r) {
            if (table_[r].count() <= 0) return std::nullopt;
            if (r > 0 && (table_[r].lo < table_[r - 1].lo || table_[r].hi < table_[r - 1].hi)) return std::nullopt;
        }
        return RowReads(table_);
    }

private:
    using Walk = ArrangeOp::Walk;
    int input_;
    std::int64_t in_cols_, out_cols_;
    std::vector<RowRange> table_;

    /// Whether walks from number `next` on stay in the row where they begin.
    static bool one_row(const std::vector<Walk>& walks, std::size_t next, std::int64_t at, std::int64_t cols,
                        std::int64_t Walk::*step) {
        std::int64_t low = at, high = at;
        for (; next < walks.size(); ++next) {
            const std::int64_t last = (walks[next].count - 1) * (walks[next].*step);
            (last < 0 ? low : high) += last;
        }
        return low >= 0 && low / cols == high / cols;
    }

    void walk(const ArrangeOp::Piece& piece, std::size_t next, std::int64_t from, std::int64_t to) {
        if (one_row(piece.walks, next, from, in_cols_, &Walk::from) &&
            one_row(piece.walks, next, to, out_cols_, &Walk::to))
            return note(static_cast<int>(from / in_cols_), static_cast<std::size_t>(to / out_cols_));
        const Walk& w = piece.walks[next];
        for (std::int64_t i = 0; i < w.count; ++i) walk(piece, next + 1, from + i * w.from, to + i * w.to);
    }

    void note(int row, std::size_t out) {
        RowRange& of = table_.at(out);
        of = of.count() == 0 ? RowRange{row, row + 1} : RowRange{std::min(of.lo, row), std::max(of.hi, row + 1)};
    }
};

/// How a layer reads its input number `input`; see NetworkRows::reads.
std::optional<RowReads> reads_of(const Network& network, const Layer& layer, std::size_t input) {
    const RowReads same(1, 0, 1);
    if (const auto* conv = std::get_if<ConvOp>(&layer.op)) {
        if (input > 0) return same;  // the residual
        return RowReads(conv->stride_rows, conv->pad_top, (conv->kernel_rows - 1) * conv->dilation_rows + 1);
    }
    if (const auto* pool = std::get_if<PoolOp>(&layer.op))
        return RowReads(pool->stride_rows, pool->pad_top, (pool->kernel_rows - 1) * pool->dilation_rows + 1);
    if (const auto* copies = std::get_if<ReplicateOp>(&layer.op))
        return RowReads(copies->stride, copies->pad, (copies->replicas - 1) * copies->dilation + 1);
    if (std::holds_alternative<ArrangeOp>(layer.op))
        return ArrangedRows(network, layer, static_cast<int>(input)).reads();
    const auto* binary = std::get_if<BinaryOp>(&layer.op);
    const bool elementwise = std::holds_alternative<UnaryOp>(layer.op) || std::holds_alternative<CopyOp>(layer.op) ||
                             (std::holds_alternative<ScalarOp>(layer.op) && input == 0) ||
                             (binary && !binary->spread && binary->inner == 1);
    return elementwise ? std::optional(same) : std::nullopt;
}

}  // namespace

RowRange RowReads::of(RowRange out, int rows) const {
    if (!table_.empty())
        return {table_.at(static_cast<std::size_t>(out.lo)).lo, table_.at(static_cast<std::size_t>(out.hi - 1)).hi};
    RowRange in;
    in.lo = std::clamp(out.lo * stride_ - pad_, 0, rows - 1);
    in.hi = std::clamp((out.hi - 1) * stride_ - pad_ + reach_, in.lo + 1, rows);
    return in;
}

NetworkRows::NetworkRows(const Network& network) : uses(network.values.size()) {
    auto readers = readers_of(network);
    for (const ValueId v : network.values.ids()) uses[v].readers = std::move(readers[v]);
    for (const LayerId l : network.layers.ids()) {
        const Layer& layer = network.layers[l];
        uses[layer.output.value].writers.push_back(l);
        std::vector<std::optional<RowReads>> list;
        for (std::size_t i = 0; i < layer.inputs.size(); ++i) list.push_back(reads_of(network, layer, i));
        reads.push_back(std::move(list));
    }
    for (const View& v : network.outputs) uses[v.value].leaves = true;
}

bool can_fuse(const Network& network, const NetworkRows& rows, LayerId first, LayerId end) {
    if (end.value() - first.value() < 2 || first.value() < network.stem_layers) return false;
    bool streams = false;
    for (const LayerId l : IdRange<LayerId>(first, end)) {
        if (!fits_in(network, rows, first, end, l)) return false;
        streams = streams || stays_within(rows.uses[network.layers[l].output.value], first, end);
    }
    return streams;
}

FusedLayers::FusedLayers(const Network& network, const NetworkRows& rows, LayerId first, LayerId end)
    : network_(network), rows_(rows), first_(first), end_(end) {
    const ValueId input = network.layers[first].inputs[0].value;
    position_.emplace(input, 0);
    items_.push_back({input, LayerId(), false});
    for (const LayerId l : IdRange<LayerId>(first, end)) {
        const ValueId v = network.layers[l].output.value;
        if (position_.emplace(v, items_.size()).second)
            items_.push_back({v, l, stays_within(rows.uses[v], first, end)});
    }
}

std::vector<RowRange> FusedLayers::needed(RowRange last, const std::vector<int>& done, bool only_new) const {
    std::vector<RowRange> need(items_.size());
    const bool ends = last.hi == rows();
    need[made_by(end_.next(-1))] = last;
    for (LayerId l = end_.next(-1); first_ <= l; l = l.next(-1)) {
        const std::size_t item = made_by(l);
        RowRange& out = need[item];
        const bool whole = !items_[item].streams && !is_last(item);
        if (whole) out = {done[item], ends ? rows_of(item) : std::max(out.hi, done[item])};
        // At least one row, so that what a reader needs next is not dropped while it has nothing to do.
        const int there = std::max(0, std::min(done[item], out.hi - 1));
        RowRange made = out;
        if (whole) made.lo = there;
        else if (only_new) made.lo = std::max(out.lo, there);
        widen_by_inputs(l, made, need);
    }
    return need;
}

std::vector<int> FusedLayers::window_rows(int stripe_rows, bool only_new) const {
    std::vector<int> most(items_.size(), 0);
    for_each_stripe(stripe_rows, only_new, [&](const std::vector<RowRange>& need, const std::vector<int>&) {
        for (std::size_t i = 0; i < need.size(); ++i) most[i] = std::max(most[i], need[i].count());
    });
    return most;
}

/// Adds what rows `made` of a layer's output need to `need`.
void FusedLayers::widen_by_inputs(LayerId layer, RowRange made, std::vector<RowRange>& need) const {
    const std::vector<Part>& inputs = network_.layers[layer].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto found = position_.find(inputs[i].value);
        const auto& reads = rows_.reads[layer][i];
        if (found == position_.end() || !reads) continue;
        RowRange& in = need[found->second];
        const RowRange more = reads->of(made, rows_of(found->second));
        in = in.count() == 0 ? more : RowRange{std::min(in.lo, more.lo), std::max(in.hi, more.hi)};
    }
}

}  // namespace infsim::compiler
