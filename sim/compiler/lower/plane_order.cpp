#include "compiler/lower/plane_order.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "compiler/ir/strided.hpp"
#include "compiler/ir/views.hpp"
#include "compiler/lower/arrange_pieces.hpp"

namespace infsim::compiler {

namespace {

/// A factor common to both sides: on chip `step` elements of the plane (none on partitions), `there` in device DRAM.
struct Atom {
    std::size_t axis = 0;
    Factor factor;
    std::int64_t step = 0, there = 0;
    bool in_plane() const { return is_free(factor); }
};

/// Adds one axis, cut where either side has a boundary. Factors on partitions are not cut.
bool add_atoms(std::size_t axis, std::vector<Factor> here, std::vector<StrideFactor> there, const Physical& phys,
               std::vector<Atom>& atoms) {
    std::vector<Atom> inner_first;
    while (!here.empty() && !there.empty()) {
        Factor& f = here.back();
        StrideFactor& g = there.back();
        const std::int64_t n = std::min(f.extent, g.extent);
        if (f.extent % n != 0 || g.extent % n != 0 || (!is_free(f) && f.extent != n)) return false;
        const Factor cut{f.dim, n, f.step};
        inner_first.push_back({axis, cut, is_free(f) ? plane_step(f, phys) : 0, g.stride});
        f = {f.dim, f.extent / n, f.step * n};
        g = {g.extent / n, g.stride * n};
        if (f.extent == 1) here.pop_back();
        if (g.extent == 1) there.pop_back();
    }
    atoms.insert(atoms.end(), inner_first.rbegin(), inner_first.rend());
    return here.empty() && there.empty();
}

std::vector<StrideFactor> without_units(std::vector<StrideFactor> axis) {
    axis.erase(std::remove_if(axis.begin(), axis.end(), [](const StrideFactor& f) { return f.extent == 1; }),
               axis.end());
    return axis;
}

std::optional<std::vector<Atom>> atoms_of(const Strided& s, const Layout& layout) {
    std::vector<Atom> atoms;
    const Axes axes = without_units(layout.axes);
    for (std::size_t a = 0; a < axes.size(); ++a)
        if (!add_atoms(a, axes[a], without_units(s.axes[a]), layout.phys, atoms)) return std::nullopt;
    return atoms;
}

/// The atoms of the plane, outermost first, except that the one whose elements are neighbours in device DRAM comes
/// last; empty if it is already there, or if there is no such atom.
std::vector<Atom*> plane_in_order(std::vector<Atom>& atoms, std::int64_t plane) {
    std::vector<Atom*> order;
    std::int64_t elements = 1;
    for (Atom& atom : atoms) {
        if (!atom.in_plane()) continue;
        order.push_back(&atom);
        elements *= atom.factor.extent;
    }
    if (elements != plane) return {};
    std::sort(order.begin(), order.end(), [](const Atom* a, const Atom* b) { return a->step > b->step; });
    const auto run = std::find_if(order.begin(), order.end(), [](const Atom* a) { return a->there == 1; });
    if (run == order.end() || std::next(run) == order.end() || (*run)->factor.extent < kShortRun) return {};
    std::rotate(run, std::next(run), order.end());
    return order;
}

}  // namespace

std::optional<Layout> in_order_of(const Strided& s, const Layout& layout) {
    if (layout.phys.channels() * layout.phys.plane() < kFewElements) return std::nullopt;
    auto atoms = atoms_of(s, layout);
    if (!atoms) return std::nullopt;
    const std::vector<Atom*> order = plane_in_order(*atoms, layout.phys.plane());
    if (order.empty()) return std::nullopt;
    // Planes in rows stay in rows, for the sake of bands: each run becomes a row.
    const std::int64_t row = layout.phys.rows > 1 ? order.back()->factor.extent : layout.phys.plane();
    std::int64_t step = 1;
    for (auto atom = order.rbegin(); atom != order.rend(); ++atom) {
        Factor& f = (*atom)->factor;
        f = step >= row ? Factor{Dim::row, f.extent, step / row} : Factor{Dim::col, f.extent, step};
        step *= f.extent;
    }
    Layout out{layout.phys, Axes(layout.axes.size())};
    out.phys.cols = static_cast<int>(row);
    out.phys.rows = static_cast<int>(layout.phys.plane() / row);
    for (const Atom& atom : *atoms) out.axes[atom.axis].push_back(atom.factor);
    return is_addressable(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<ArrangeOp> reordered(const Lowering& low, const Layout& from, const Layout& to) {
    if (!low.options.moves_on_chip) return std::nullopt;
    auto pieces = arrange_pieces(from, to, std::vector<AxisSource>(to.axes.size()), kMostCopies);
    if (!pieces) return std::nullopt;
    return ArrangeOp{std::move(*pieces), std::nullopt};
}

}  // namespace infsim::compiler
