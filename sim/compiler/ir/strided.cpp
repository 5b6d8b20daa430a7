#include "compiler/ir/strided.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::compiler {

namespace {

std::int64_t extent_of(const std::vector<StrideFactor>& axis) {
    std::int64_t n = 1;
    for (const StrideFactor& f : axis) n *= f.extent;
    return n;
}

/// Drops unit factors and merges neighbours that are one walk.
void simplify(std::vector<StrideFactor>& axis) {
    std::vector<StrideFactor> out;
    for (const StrideFactor& f : axis) {
        if (f.extent == 1) continue;
        if (!out.empty() && out.back().stride == f.extent * f.stride)
            out.back() = {out.back().extent * f.extent, f.stride};
        else out.push_back(f);
    }
    axis = std::move(out);
}

}  // namespace

graph::Shape shape_of(const Strided& s) {
    graph::Shape shape;
    for (const auto& axis : s.axes) shape.push_back(extent_of(axis));
    return shape;
}

std::vector<std::vector<StrideFactor>> row_major_axes(const graph::Shape& shape) {
    std::vector<std::vector<StrideFactor>> axes(shape.size());
    std::int64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        if (shape[i] != 1) axes[i] = {{shape[i], stride}};
        stride *= shape[i];
    }
    return axes;
}

std::optional<Strided> reshape(const Strided& s, const graph::Shape& shape) {
    std::vector<StrideFactor> all;
    for (const auto& axis : s.axes) all.insert(all.end(), axis.begin(), axis.end());
    simplify(all);
    std::reverse(all.begin(), all.end());  // back() is the outermost
    Strided out = s;
    out.axes.clear();
    for (const std::int64_t extent : shape) {
        std::vector<StrideFactor> axis;
        std::int64_t have = 1;
        while (have < extent) {
            if (all.empty()) return std::nullopt;
            StrideFactor f = all.back();
            all.pop_back();
            if (extent % have != 0) return std::nullopt;
            const std::int64_t wanted = extent / have;
            if (f.extent > wanted) {
                if (f.extent % wanted != 0) return std::nullopt;
                const std::int64_t inner = f.extent / wanted;
                all.push_back({inner, f.stride});
                f = {wanted, f.stride * inner};
            }
            have *= f.extent;
            axis.push_back(f);
        }
        if (have != extent) return std::nullopt;
        out.axes.push_back(std::move(axis));
    }
    if (!all.empty()) return std::nullopt;
    return out;
}

Strided transpose(const Strided& s, const std::vector<std::int64_t>& perm) {
    Strided out = s;
    for (std::size_t i = 0; i < perm.size(); ++i) out.axes[i] = s.axes.at(static_cast<std::size_t>(perm[i]));
    return out;
}

Strided expand(const Strided& s, const graph::Shape& shape) {
    INFSIM_CHECK(shape.size() >= s.axes.size(), "a broadcast to fewer axes");
    Strided out = s;
    out.axes.assign(shape.size() - s.axes.size(), {});
    out.axes.insert(out.axes.end(), s.axes.begin(), s.axes.end());
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (extent_of(out.axes[i]) == 1 && shape[i] != 1) out.axes[i] = {{shape[i], 0}};
    return out;
}

Strided tile(const Strided& s, const std::vector<std::int64_t>& repeats) {
    Strided out = s;
    for (std::size_t i = 0; i < repeats.size(); ++i)
        if (repeats[i] != 1) out.axes[i].insert(out.axes[i].begin(), {repeats[i], 0});
    return out;
}

std::optional<Strided> slice(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count,
                             std::int64_t step) {
    Strided out = s;
    auto& factors = out.axes.at(axis);
    simplify(factors);
    if (start == 0 && step == 1 && count == extent_of(factors)) return out;
    if (factors.size() > 1) return std::nullopt;
    const StrideFactor f = factors.empty() ? StrideFactor{1, 0} : factors[0];
    out.offset += start * f.stride;
    factors = {};
    if (count != 1) factors = {{count, f.stride * step}};
    return out;
}

std::optional<Strided> slice_of_steps(const Strided& s, std::size_t axis, std::int64_t start, std::int64_t count) {
    Strided out = s;
    auto& factors = out.axes.at(axis);
    simplify(factors);
    if (factors.empty()) return std::nullopt;
    const std::int64_t step = extent_of(factors) / factors[0].extent;
    if (start % step != 0 || count % step != 0) return std::nullopt;
    out.offset += start / step * factors[0].stride;
    factors[0].extent = count / step;
    simplify(factors);
    return out;
}

Strided repeat_elements(const Strided& s, std::size_t axis, std::int64_t times) {
    Strided out = s;
    if (times != 1) out.axes.at(axis).push_back({times, 0});
    return out;
}

}  // namespace infsim::compiler
