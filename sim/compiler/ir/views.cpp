#include "compiler/ir/views.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::compiler {

namespace {

std::int64_t extent_of(const std::vector<Factor>& factors) {
    std::int64_t n = 1;
    for (const Factor& f : factors) n *= f.extent;
    return n;
}

/// Splits one factor into (outer, inner) with `inner` elements in the inner one; empty if data would move.
std::optional<std::pair<Factor, Factor>> split(const Factor& f, std::int64_t inner, const Physical& phys) {
    if (f.extent % inner != 0) return std::nullopt;
    const std::int64_t outer = f.extent / inner;
    if (f.dim == Dim::row || f.dim == Dim::col)
        return std::make_pair(Factor{f.dim, outer, f.step * inner}, Factor{f.dim, inner, f.step});
    if (f.dim != Dim::channel) return std::nullopt;
    const int width = phys.lanes.front();
    const bool uniform = std::all_of(phys.lanes.begin(), phys.lanes.end(), [&](int l) { return l == width; });
    if (!uniform || inner % width != 0) return std::nullopt;
    const std::int64_t slots = inner / width;
    return std::make_pair(Factor{Dim::slot, outer, slots},
                          slots == 1 ? Factor{Dim::lane, inner} : Factor{Dim::channel, inner});
}

/// Merges slot and lane factors that belong together into a channel factor, and parts of rows or columns into one
/// factor.
std::vector<Factor> merged(const std::vector<Factor>& factors, const Physical& phys) {
    std::vector<Factor> out;
    for (const Factor& f : factors) {
        const bool inner = f.dim == Dim::lane || f.dim == Dim::channel;
        if (inner && !out.empty() && out.back().dim == Dim::slot) {
            const int width = phys.lanes.front();
            if (out.back().step * width == f.extent) {
                const Factor joined{Dim::channel, out.back().extent * f.extent};
                out.back() = joined;
                continue;
            }
        }
        const bool free = f.dim == Dim::row || f.dim == Dim::col;
        if (free && !out.empty() && out.back().dim == f.dim && out.back().step == f.extent * f.step) {
            out.back() = {f.dim, out.back().extent * f.extent, f.step};
            continue;
        }
        out.push_back(f);
    }
    return out;
}

}  // namespace

std::optional<View> reshape(const View& view, const Physical& phys, const graph::Shape& shape) {
    std::vector<Factor> pending;
    for (auto axis = view.axes.rbegin(); axis != view.axes.rend(); ++axis)
        for (auto f = axis->rbegin(); f != axis->rend(); ++f) pending.push_back(*f);  // back() is the outermost
    View out = view;
    out.axes.clear();
    for (std::int64_t extent : shape) {
        std::vector<Factor> axis;
        std::int64_t have = 1;
        while (have < extent) {
            if (pending.empty()) return std::nullopt;
            Factor f = pending.back();
            pending.pop_back();
            if (have * f.extent > extent) {
                const std::int64_t wanted = extent / have;
                if (extent % have != 0 || f.extent % wanted != 0) return std::nullopt;
                const auto parts = split(f, f.extent / wanted, phys);
                if (!parts) return std::nullopt;
                pending.push_back(parts->second);
                f = parts->first;
            }
            have *= f.extent;
            axis.push_back(f);
        }
        if (have != extent) return std::nullopt;
        out.axes.push_back(merged(axis, phys));
    }
    if (!pending.empty()) return std::nullopt;
    return out;
}

View transpose(const View& view, const std::vector<std::int64_t>& perm) {
    View out = view;
    for (std::size_t i = 0; i < perm.size(); ++i) out.axes[i] = view.axes.at(static_cast<std::size_t>(perm[i]));
    return out;
}

graph::Shape shape_of(const View& view) {
    graph::Shape shape;
    for (const auto& axis : view.axes) shape.push_back(extent_of(axis));
    return shape;
}

bool axis_is(const View& view, std::size_t axis, Dim dim) {
    const auto& factors = view.axes.at(axis);
    return factors.empty() || (factors.size() == 1 && factors[0].dim == dim);
}

bool is_whole(const View& view, std::size_t axis, Dim dim, const Physical& phys) {
    const auto& factors = view.axes.at(axis);
    const std::int64_t all = dim == Dim::row ? phys.rows : phys.cols;
    return factors.empty()
               ? all == 1
               : factors.size() == 1 && factors[0].dim == dim && factors[0].step == 1 && factors[0].extent == all;
}

bool is_image(const View& view) {
    const std::size_t n = view.axes.size();
    if (n < 3) return false;
    for (std::size_t i = 0; i + 3 < n; ++i)
        if (!view.axes[i].empty()) return false;
    return axis_is(view, n - 3, Dim::channel) && axis_is(view, n - 2, Dim::row) && axis_is(view, n - 1, Dim::col);
}

bool is_tokens(const View& view) {
    if (view.axes.empty() || !axis_is(view, view.axes.size() - 1, Dim::channel)) return false;
    bool col_seen = false;
    std::int64_t step = 0;  // of the previous factor in the same dimension: steps decrease
    for (std::size_t i = 0; i + 1 < view.axes.size(); ++i)
        for (const Factor& f : view.axes[i]) {
            if (f.dim != Dim::row && f.dim != Dim::col) return false;
            if (f.dim == Dim::row && col_seen) return false;
            if (f.dim == Dim::col && !col_seen) {
                col_seen = true;
                step = 0;
            }
            if (step != 0 && f.step * f.extent != step) return false;
            step = f.step;
        }
    return true;
}

RowMajor row_major(const View& view, const Physical& phys) {
    RowMajor out;
    std::int64_t stride = 1, head_stride = 0, slots_per_head = view.slots;
    for (auto axis = view.axes.rbegin(); axis != view.axes.rend(); ++axis)
        for (auto f = axis->rbegin(); f != axis->rend(); ++f) {
            switch (f->dim) {
                case Dim::channel:
                case Dim::lane: out.lane = stride; break;
                case Dim::slot:
                    head_stride = stride;
                    slots_per_head = f->step;
                    break;
                case Dim::row: out.row = stride; break;
                case Dim::col: out.col = stride; break;
            }
            stride *= f->extent;
        }
    int channel = 0;  // within the head
    for (int s = 0; s < view.slots; ++s) {
        if (s % slots_per_head == 0) channel = 0;
        out.slot.push_back(s / slots_per_head * head_stride + channel * out.lane);
        const int of_value = view.first_slot + s;
        channel += phys.lanes[static_cast<std::size_t>(of_value)];
    }
    return out;
}

int first_channel(const Physical& phys, int slot) {
    int c = 0;
    for (int s = 0; s < slot; ++s) c += phys.lanes[static_cast<std::size_t>(s)];
    return c;
}

std::vector<int> split_channels(int channels, int width) {
    std::vector<int> lanes;
    for (int c = 0; c < channels; c += width) lanes.push_back(std::min(width, channels - c));
    return lanes;
}

}  // namespace infsim::compiler
