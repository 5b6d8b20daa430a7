#include "compiler/lower/arrange_pieces.hpp"

#include <algorithm>
#include <utility>

namespace infsim::compiler {

namespace {

using Piece = ArrangeOp::Piece;
using Walk = ArrangeOp::Walk;

/// A factor in the plane: `step` in elements.
struct Flat {
    std::int64_t extent = 1, step = 1;
};

/// An axis in the plane as one walk, if it is one.
std::optional<Flat> one_walk(const std::vector<Factor>& axis, const Physical& phys) {
    if (!lies_in_plane(axis)) return std::nullopt;
    Flat flat;
    for (auto f = axis.rbegin(); f != axis.rend(); ++f) {
        const std::int64_t step = plane_step(*f, phys);
        if (f == axis.rbegin()) flat = {f->extent, step};
        else if (step == flat.step * flat.extent) flat.extent *= f->extent;
        else return std::nullopt;
    }
    return flat;
}

/// Walks over two lists of factors that form the same axis, cut where either has a boundary.
std::optional<std::vector<Walk>> common_walks(std::vector<Flat> in, std::vector<Flat> out) {
    std::vector<Walk> inner_first;
    while (!in.empty() && !out.empty()) {
        Flat &a = in.back(), &b = out.back();
        const std::int64_t n = std::min(a.extent, b.extent);
        if (a.extent % n != 0 || b.extent % n != 0) return std::nullopt;
        inner_first.push_back({n, a.step, b.step});
        for (auto* list : {&in, &out}) {
            Flat& f = list->back();
            f = {f.extent / n, f.step * n};
            if (f.extent == 1) list->pop_back();
        }
    }
    if (!in.empty() || !out.empty()) return std::nullopt;
    return std::vector<Walk>(inner_first.rbegin(), inner_first.rend());
}

std::vector<Flat> flats(const std::vector<Factor>& axis, const Physical& phys) {
    std::vector<Flat> list;
    for (const Factor& f : axis)
        if (is_free(f) && f.extent > 1) list.push_back({f.extent, plane_step(f, phys)});
    return list;
}

/// One way to fill indices of an axis.
struct Stretch {
    std::int64_t from = 0, to = 0;
    std::vector<Walk> walks;
};
using Stretches = std::optional<std::vector<Stretch>>;

/// Factors on partitions must be the same, at the same positions among the others.
Stretches whole_axis(const Layout& in, const Layout& out, std::size_t a) {
    const auto &from = in.axes[a], &to = out.axes[a];
    if (!lies_in_plane(from) || !lies_in_plane(to)) {
        const bool alike = from.size() == to.size() &&
                           std::equal(from.begin(), from.end(), to.begin(), [](const Factor& f, const Factor& g) {
                               return is_free(f) ? is_free(g) && f.extent == g.extent : f == g;
                           });
        if (!alike) return std::nullopt;
    }
    const auto walks = common_walks(flats(from, in.phys), flats(to, out.phys));
    if (!walks) return std::nullopt;
    return std::vector<Stretch>{{0, 0, *walks}};
}

Stretches repeated_axis(const Layout& out, std::size_t a) {
    if (!lies_in_plane(out.axes[a])) return std::nullopt;
    Stretch stretch;
    for (const Flat& f : flats(out.axes[a], out.phys)) stretch.walks.push_back({f.extent, 0, f.step});
    return std::vector<Stretch>{stretch};
}

Stretches picked_axis(const Layout& in, const Layout& out, std::size_t a, const std::vector<IndexRun>& runs) {
    const auto from = one_walk(in.axes[a], in.phys), to = one_walk(out.axes[a], out.phys);
    if (!from || !to) return std::nullopt;
    std::vector<Stretch> list;
    for (const IndexRun& r : runs)
        list.push_back({r.first * from->step,
                        r.at * to->step,
                        {{r.count, r.step * from->step, r.stride * to->step}, {r.repeat, 0, to->step}}});
    return list;
}

/// Merges walks that continue each other and drops unit walks. Ordered by output step, the largest first.
std::vector<Walk> merged(std::vector<Walk> walks) {
    walks.erase(std::remove_if(walks.begin(), walks.end(), [](const Walk& w) { return w.count == 1; }), walks.end());
    std::stable_sort(walks.begin(), walks.end(), [](const Walk& a, const Walk& b) { return a.to > b.to; });
    std::vector<Walk> out;
    for (const Walk& w : walks) {
        const bool continues = !out.empty() && out.back().from == w.from * w.count && out.back().to == w.to * w.count &&
                               out.back().count * w.count <= program::kMostCounted;
        if (continues) out.back() = {out.back().count * w.count, w.from, w.to};
        else out.push_back(w);
    }
    return out;
}

/// A piece with more walks than an access pattern has is split into one piece per step of the outermost walk.
bool add_addressable(Piece piece, std::vector<Piece>& pieces, std::size_t most) {
    piece.walks = merged(std::move(piece.walks));
    for (const Walk& w : piece.walks)
        if (w.count > program::kMostCounted || w.from > program::kMostCounted || w.to > program::kMostCounted)
            return false;
    if (piece.walks.size() <= program::kAccessDims) {
        pieces.push_back(std::move(piece));
        return pieces.size() <= most;
    }
    const Walk outer = piece.walks.front();
    for (std::int64_t i = 0; i < outer.count; ++i) {
        Piece part = piece;
        part.from += i * outer.from;
        part.to += i * outer.to;
        part.walks.erase(part.walks.begin());
        if (!add_addressable(std::move(part), pieces, most)) return false;
    }
    return true;
}

}  // namespace

std::vector<IndexRun> index_runs(const std::vector<std::int64_t>& list) {
    std::vector<IndexRun> equal;  // the same index several times in a row
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const bool goes_on =
            !equal.empty() && equal.back().first == list[i] && equal.back().at + equal.back().repeat == at;
        if (goes_on) ++equal.back().repeat;
        else if (list[i] >= 0) equal.push_back({at, list[i], 1, 1, 1, 1});
    }
    std::vector<IndexRun> runs;
    for (IndexRun e : equal) {
        if (!runs.empty() && runs.back().repeat == e.repeat) {
            IndexRun& r = runs.back();
            const std::int64_t step = e.first - (r.first + (r.count - 1) * r.step);
            const std::int64_t stride = e.at - (r.at + (r.count - 1) * r.stride);
            if (step > 0 && (r.count == 1 || (step == r.step && stride == r.stride))) {
                r.step = step;
                r.stride = stride;
                ++r.count;
                continue;
            }
        }
        e.stride = e.repeat;
        runs.push_back(e);
    }
    return runs;
}

std::vector<WeightedRuns> weighted_runs(const std::vector<std::int64_t>& picks, const std::vector<float>& weights) {
    std::vector<WeightedRuns> all;
    for (std::size_t i = 0; i < picks.size(); ++i) {
        auto group = std::find_if(all.begin(), all.end(), [&](const auto& g) { return g.weight == weights[i]; });
        if (group == all.end()) group = all.insert(all.end(), {weights[i], {}});
        const auto at = static_cast<std::int64_t>(i);
        std::vector<IndexRun>& runs = group->runs;
        if (!runs.empty() && runs.back().count == 1 && picks[i] >= runs.back().first) {
            runs.back().step = picks[i] - runs.back().first;
            runs.back().stride = at - runs.back().at;
            runs.back().count = 2;
        } else if (!runs.empty() && runs.back().at + runs.back().count * runs.back().stride == at &&
                   runs.back().first + runs.back().count * runs.back().step == picks[i]) {
            ++runs.back().count;
        } else {
            runs.push_back({at, picks[i], 1, 1, 1, 1});
        }
    }
    return all;
}

std::optional<std::vector<Piece>> arrange_pieces(const Layout& in, const Layout& out,
                                                 const std::vector<AxisSource>& sources, std::size_t most) {
    if (in.phys.lanes != out.phys.lanes) return std::nullopt;
    std::vector<Stretch> combined = {{}};
    for (std::size_t a = 0; a < sources.size(); ++a) {
        const AxisSource& s = sources[a];
        const Stretches axis = s.repeats ? repeated_axis(out, a)
                               : s.all   ? whole_axis(in, out, a)
                                         : picked_axis(in, out, a, s.runs);
        if (!axis || combined.size() * axis->size() > most) return std::nullopt;
        std::vector<Stretch> next;
        for (const Stretch& outer : combined)
            for (const Stretch& inner : *axis) {
                Stretch both{outer.from + inner.from, outer.to + inner.to, outer.walks};
                both.walks.insert(both.walks.end(), inner.walks.begin(), inner.walks.end());
                next.push_back(std::move(both));
            }
        combined = std::move(next);
    }
    std::vector<Piece> pieces;
    for (Stretch& s : combined)
        if (!add_addressable({0, s.from, s.to, std::move(s.walks), 1, false}, pieces, most)) return std::nullopt;
    return pieces;
}

namespace {

/// Whether these are the axes of one image whose rows and columns lie in the plane, as rows or one after the other.
bool is_plane_of_channels(const Axes& axes) {
    const bool channels = axes[1].empty() || (axes[1].size() == 1 && axes[1][0].dim == Dim::channel);
    return axes[0].empty() && channels && lies_in_plane(axes[2]) && lies_in_plane(axes[3]);
}

}  // namespace

Layout layout_beside(const Layout& like, const graph::Shape& shape) {
    Layout out{{like.phys.lanes, 1, 1}, Axes(shape.size())};
    const std::size_t n = shape.size();
    if (n == 4 && is_plane_of_channels(like.axes)) {
        out.phys.rows = static_cast<int>(shape[2]);
        out.phys.cols = static_cast<int>(shape[3]);
        out.axes = {like.axes[0], like.axes[1], {{Dim::row, shape[2]}}, {{Dim::col, shape[3]}}};
        out.axes = without_units(std::move(out.axes));
        return out;
    }
    std::int64_t plane = 1, innermost = 1;
    for (std::size_t a = n; a-- > 0;) {
        std::vector<Factor> axis = like.axes[a];
        if (lies_in_plane(axis)) axis = {{Dim::col, shape[a]}};
        for (auto f = axis.rbegin(); f != axis.rend(); ++f) {
            if (!is_free(*f)) continue;
            *f = {Dim::col, f->extent, plane};
            plane *= f->extent;
            if (innermost == 1) innermost = f->extent;
        }
        out.axes[a] = std::move(axis);
    }
    out.phys.cols = static_cast<int>(plane);
    out.axes = without_units(std::move(out.axes));
    break_long_plane(out, innermost);
    return out;
}

}  // namespace infsim::compiler
