#include "explore/expander.hpp"

#include "explore/assign.hpp"
#include "explore/axis_values.hpp"

namespace infsim::explore {

using flow::Setting;

Expander::Expander(const Sweep& sweep, Problems& problems) : sweep_(sweep) {
    bool has_model = false;
    for (const Setting& s : sweep.base) {
        assign(base_.request, s, sweep.file, problems);
        has_model = has_model || s.key == "model";
    }
    // Each value is checked once, not once per point.
    for (const Axis& axis : sweep.axes) {
        has_model = has_model || axis.key == "model";
        good_.emplace_back();
        for (std::size_t v = 0; v < axis.values.size(); ++v) {
            flow::PointRequest scratch;
            good_.back().push_back(assign(scratch, setting_of(axis, v), sweep.file, problems));
        }
    }
    if (!has_model) problems.add(sweep.file, "/base", "'model' is missing");
    if (sweep.method.measure == Measure::estimate) base_.request.method = flow::Method::estimate;
}

std::optional<SweepPoint> Expander::point(const Choice& choice) const {
    Problems reported_already;
    SweepPoint point = base_;
    for (std::size_t a = 0; a < choice.size(); ++a) {
        if (!good_[a][choice[a]]) return std::nullopt;
        assign(point.request, setting_of(sweep_.axes[a], choice[a]), sweep_.file, reported_already);
        point.axis_values.push_back(value_text(sweep_.axes[a].values[choice[a]]));
    }
    return point;
}

std::vector<SweepPoint> expand(const Sweep& sweep, Problems& problems) {
    const Expander expander(sweep, problems);
    std::vector<SweepPoint> points;
    for (const Choice& choice : choices(sweep))
        if (auto point = expander.point(choice)) points.push_back(std::move(*point));
    return points;
}

std::optional<Setting> source_of(const Sweep& sweep, const SweepPoint& point, const std::string& key) {
    for (const Setting& s : sweep.base)
        if (s.key == key) return s;
    for (std::size_t a = 0; a < sweep.axes.size() && a < point.axis_values.size(); ++a) {
        const Axis& axis = sweep.axes[a];
        for (std::size_t v = 0; v < axis.values.size() && axis.key == key; ++v)
            if (axis.to_limit || value_text(axis.values[v]) == point.axis_values[a])
                return Setting{key, axis.values[v], axis.file, axis.pointers[v]};
    }
    return std::nullopt;
}

}  // namespace infsim::explore
