#include "compiler/emit/transfer_walk.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "base/check.hpp"
#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"

namespace infsim::compiler {

namespace {

/// A position on chip: slots and channels count from the start of the view (or of the head), `here` within the plane.
struct Position {
    std::int64_t slot = 0, channel = 0, here = 0, there = 0;
    Position operator+(const Position& o) const {
        return {slot + o.slot, channel + o.channel, here + o.here, there + o.there};
    }
    Position operator*(std::int64_t n) const { return {slot * n, channel * n, here * n, there * n}; }
};

/// A factor common to both sides.
struct Atom {
    std::int64_t extent = 1;
    Position step;
};

Position step_of(const Factor& f, const Physical& phys) {
    switch (f.dim) {
        case Dim::slot: return {f.step, 0, 0, 0};
        case Dim::row: return {0, 0, f.step * phys.cols, 0};
        case Dim::col: return {0, 0, f.step, 0};
        case Dim::channel:
        case Dim::lane: break;
    }
    return {0, f.step, 0, 0};
}

/// Position of index `i` of an axis that consists of `factors`.
Position at_index(const std::vector<Atom>& factors, std::int64_t i) {
    Position p;
    for (auto f = factors.rbegin(); f != factors.rend(); ++f) {
        p = p + f->step * (i % f->extent);
        i /= f->extent;
    }
    return p;
}

/// Refines both factorisations of an axis to a common one; false if their boundaries cross.
bool refine(std::vector<Atom> here, std::vector<Atom> there, std::vector<Atom>& out) {
    std::vector<Atom> atoms;
    while (!here.empty() && !there.empty()) {
        Atom &a = here.back(), &b = there.back();
        const std::int64_t n = std::min(a.extent, b.extent);
        if (a.extent % n != 0 || b.extent % n != 0) return false;
        atoms.push_back({n, a.step + b.step});
        for (auto* side : {&here, &there}) {
            Atom& x = side->back();
            if (x.extent == n) side->pop_back();
            else x = {x.extent / n, x.step * n};
        }
    }
    INFSIM_CHECK(here.empty() && there.empty(), "both sides of a transfer have the same extents");
    out.insert(out.end(), atoms.rbegin(), atoms.rend());
    return true;
}

/// Merges neighbouring free dimensions that are one walk on both sides, unless that would exceed a row of `cols`
/// elements (0: there are no rows).
void merge(std::vector<FreeStep>& free, std::int64_t cols) {
    std::stable_sort(free.begin(), free.end(), [](const FreeStep& a, const FreeStep& b) { return a.here > b.here; });
    std::vector<FreeStep> out;
    for (const FreeStep& f : free) {
        if (f.count == 1) continue;
        const bool joins = !out.empty() && out.back().here == f.here * f.count &&
                           out.back().there == f.there * f.count &&
                           out.back().count * f.count <= program::kMostCounted &&
                           (cols == 0 || out.back().here % cols != 0 || f.here % cols == 0);
        if (joins) out.back() = {out.back().count * f.count, f.here, f.there};
        else out.push_back(f);
    }
    free = std::move(out);
}

std::vector<LaneRun> runs_of(const std::vector<Position>& positions, const View& view, const Physical& phys) {
    struct Cell {
        std::int64_t here;
        int slot, lane;
        std::int64_t there;
    };
    std::vector<Cell> cells;
    for (const Position& p : positions) {
        int slot = view.first_slot + static_cast<int>(p.slot);
        std::int64_t lane = p.channel;
        while (lane >= phys.lanes.at(static_cast<std::size_t>(slot)))
            lane -= phys.lanes[static_cast<std::size_t>(slot++)];
        cells.push_back({p.here, slot, static_cast<int>(lane), p.there});
    }
    std::sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) {
        return std::tie(a.here, a.slot, a.lane) < std::tie(b.here, b.slot, b.lane);
    });
    std::vector<LaneRun> runs;
    for (const Cell& c : cells) {
        if (!runs.empty()) {
            LaneRun& r = runs.back();
            const std::int64_t gap = c.there - (r.there + (r.lanes - 1) * r.lane_there);
            const bool next = r.here == c.here && r.slot == c.slot && r.lane + r.lanes == c.lane && gap >= 0;
            if (next && (r.lanes == 1 || gap == r.lane_there)) {
                r.lane_there = gap;
                ++r.lanes;
                continue;
            }
        }
        runs.push_back({c.slot, c.lane, 1, c.here, c.there, 0});
    }
    return runs;
}

/// Every position of one list combined with every position of the other.
std::vector<Position> crossed(const std::vector<Position>& a, const std::vector<Position>& b) {
    std::vector<Position> all;
    for (const Position& p : a)
        for (const Position& q : b) all.push_back(p + q);
    return all;
}

/// Indices of an axis that a transfer moves: `count` from `first` on, `by` apart.
struct AxisPart {
    std::int64_t first = 0, by = 1, count = 1;
    bool all = true;  ///< whether that is the whole axis on chip
};

/// Adds one axis, whose factors are `here` and `there`: what one DMA walks over goes to `free`, the rest multiplies
/// `positions`.
void add_axis(const std::vector<Atom>& here, const std::vector<Atom>& there, const AxisPart& part,
              std::vector<Position>& positions, std::vector<FreeStep>& free) {
    std::vector<Atom> atoms;
    bool aligned = true;
    if (part.all) {
        aligned = refine(here, there, atoms);
    } else if (here.size() <= 1) {
        const Position unit = here.empty() ? Position{} : here[0].step;
        positions = crossed(positions, {unit * part.first});
        if (part.count > 1) aligned = refine({{part.count, unit * part.by}}, there, atoms);
    } else {
        aligned = false;
    }
    if (!aligned) {
        std::vector<Position> list;
        for (std::int64_t i = 0; i < part.count; ++i)
            list.push_back(at_index(here, part.first + i * part.by) + at_index(there, i));
        positions = crossed(positions, list);
        return;
    }
    for (const Atom& atom : atoms) {
        // The DMA itself spreads lanes; a backward walk is one transfer per element.
        if (atom.step.slot == 0 && atom.step.channel == 0 && atom.step.there >= 0) {
            free.push_back({atom.extent, atom.step.here, atom.step.there});
            continue;
        }
        std::vector<Position> list;
        for (std::int64_t i = 0; i < atom.extent; ++i) list.push_back(atom.step * i);
        positions = crossed(positions, list);
    }
}

}  // namespace

TransferWalk transfer_walk(const View& view, const Physical& phys, const Strided& there,
                           const std::vector<std::int64_t>& start, const std::vector<std::int64_t>& step,
                           bool keep_rows) {
    INFSIM_CHECK(view.axes.size() == there.axes.size(), "both sides of a transfer have the same rank");
    TransferWalk walk;
    std::vector<Position> positions = {{0, 0, 0, there.offset}};
    const graph::Shape counts = shape_of(there), extents = shape_of(view);
    for (std::size_t a = 0; a < view.axes.size(); ++a) {
        std::vector<Atom> here, other;
        for (const Factor& f : view.axes[a]) here.push_back({f.extent, step_of(f, phys)});
        for (const StrideFactor& f : there.axes[a]) other.push_back({f.extent, {0, 0, 0, f.stride}});
        AxisPart part{start.empty() ? 0 : start[a], step.empty() ? 1 : step[a], counts[a], false};
        part.all = part.first == 0 && part.by == 1 && part.count == extents[a];
        add_axis(here, other, part, positions, walk.free);
    }
    merge(walk.free, keep_rows ? phys.cols : 0);
    walk.runs = runs_of(positions, view, phys);
    return walk;
}

namespace {

/// The dimensions of a walk that go from row to row: all but the innermost of them, the innermost, and those within a
/// row.
struct RowSteps {
    std::vector<FreeStep> outer;
    FreeStep rows;
    std::vector<FreeStep> inside;

    RowSteps(const std::vector<FreeStep>& free, std::int64_t cols) {
        for (const FreeStep& f : free) (f.here % cols == 0 ? outer : inside).push_back(f);
        if (outer.empty()) return;
        rows = outer.back();
        outer.pop_back();
    }
};

/// Distances from the first element for every index of `steps`.
std::vector<FreeStep> distances(const std::vector<FreeStep>& steps) {
    std::vector<FreeStep> all = {{1, 0, 0}};
    for (const FreeStep& s : steps) {
        std::vector<FreeStep> next;
        for (const FreeStep& d : all)
            for (std::int64_t i = 0; i < s.count; ++i) next.push_back({1, d.here + i * s.here, d.there + i * s.there});
        all = std::move(next);
    }
    return all;
}

}  // namespace

std::vector<TransferWalk> within_rows(const TransferWalk& walk, std::int64_t cols, RowRange rows) {
    const RowSteps steps(walk.free, cols);
    const std::int64_t by = std::max<std::int64_t>(1, steps.rows.here / cols);
    std::map<std::int64_t, TransferWalk> by_count;
    for (const FreeStep& d : distances(steps.outer))
        for (LaneRun run : walk.runs) {
            const std::int64_t row = (run.here + d.here) / cols;
            const std::int64_t lo = std::max<std::int64_t>(0, (rows.lo - row + by - 1) / by);
            const std::int64_t hi = std::min(steps.rows.count, row >= rows.hi ? 0 : (rows.hi - row + by - 1) / by);
            if (hi <= lo) continue;
            TransferWalk& part = by_count[hi - lo];
            if (part.runs.empty()) {
                if (hi - lo > 1) part.free.push_back({hi - lo, steps.rows.here, steps.rows.there});
                part.free.insert(part.free.end(), steps.inside.begin(), steps.inside.end());
            }
            run.here += d.here + lo * steps.rows.here;
            run.there += d.there + lo * steps.rows.there;
            part.runs.push_back(run);
        }
    std::vector<TransferWalk> parts;
    for (auto& entry : by_count) parts.push_back(std::move(entry.second));
    return parts;
}

}  // namespace infsim::compiler
