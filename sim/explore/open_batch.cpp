#include "explore/open_batch.hpp"

#include "base/text.hpp"

namespace infsim::explore {

using flow::Setting;

namespace {

constexpr const char* kBatch = "batch";

/// Removes the open batch from the base or the axes and returns it; an axis without a place if there is none.
Axis taken_out(Sweep& sweep, Problems& problems) {
    Axis open;
    for (auto s = sweep.base.begin(); s != sweep.base.end(); ++s)
        if (s->key == kBatch && is_to_limit(s->value)) {
            open.file = s->file;
            open.where = s->where;
            open.pointers = {s->where};
            sweep.base.erase(s);
            return open;
        }
    for (std::size_t a = 0; a < sweep.axes.size(); ++a) {
        Axis& axis = sweep.axes[a];
        if (axis.key != kBatch || axis.values.size() != 1 || !is_to_limit(axis.values.front())) continue;
        if (axis.zipped || (a + 1 < sweep.axes.size() && sweep.axes[a + 1].zipped))
            problems.add(sweep.file, axis.where, "'to_limit' cannot move together with another axis");
        open = std::move(axis);
        sweep.axes.erase(sweep.axes.begin() + static_cast<std::ptrdiff_t>(a));
        return open;
    }
    return open;
}

}  // namespace

bool is_to_limit(const json::Value& value) { return value.is_string() && value.as_string() == "to_limit"; }

void settle_batch(Sweep& sweep, const std::optional<json::Cursor>& max_batch, Problems& problems) {
    Axis open = taken_out(sweep, problems);
    if (open.where.empty()) {
        if (max_batch && sweep.method.measure == Measure::limits)
            sweep.max_batch = static_cast<int>(max_batch->integer(1, flow::kMaxBatch).value_or(1));
        else if (max_batch)
            max_batch->problem("has no meaning without \"batch\": \"to_limit\" or \"measure\": \"limits\"");
        return;
    }
    open.key = kBatch;
    open.to_limit = true;
    open.values = {std::int64_t{1}};
    sweep.axes.push_back(std::move(open));
    if (max_batch) sweep.max_batch = static_cast<int>(max_batch->integer(1, flow::kMaxBatch).value_or(1));
    for (const Condition& condition : sweep.conditions)
        if (condition.left == kBatch || condition.right == kBatch)
            problems.add(sweep.file, condition.where,
                         "'batch' goes to the limit and has no value yet; \"max_batch\" bounds it");
}

bool goes_to_limit(const Sweep& sweep) { return !sweep.axes.empty() && sweep.axes.back().to_limit; }

SweepPoint at_batch(SweepPoint point, int batch) {
    point.request.batch = batch;
    point.axis_values.back() = number_text(std::int64_t{batch});
    return point;
}

}  // namespace infsim::explore
