#include "cli/sweep_summary.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "analysis/batch.hpp"
#include "analysis/crossover.hpp"
#include "base/text.hpp"
#include "cli/objectives_report.hpp"
#include "cli/table.hpp"
#include "explore/layer_table.hpp"

namespace infsim::cli {

namespace {

using explore::Sweep;
using explore::SweepResult;
using record::RunRecord;
using record::Status;

constexpr std::size_t kGroupsInFull = 2;

/// Points that differ only in the batch.
struct Group {
    std::string label;                ///< values of the other axes: "chip.x=1 dtype=fp16"
    std::vector<std::string> values;  ///< the same, by axis; the batch axis left out
    analysis::Records records;
};

std::vector<analysis::LayerBound> bounds_of(const std::string& folder, const std::string& id) {
    std::vector<analysis::LayerBound> bounds;
    for (const explore::LayerLine& line : explore::parse_layers(explore::layers_of(folder, id), "layers.csv of " + id))
        bounds.push_back({line.layer, line.bound});
    return bounds;
}

std::vector<Group> groups_of(const Sweep& sweep, const SweepResult& result) {
    std::vector<Group> groups;
    for (const explore::SweepRow& row : result.rows) {
        std::vector<std::string> parts, values;
        for (std::size_t a = 0; a < sweep.axes.size(); ++a) {
            if (sweep.axes[a].key == "batch") continue;
            parts.push_back(sweep.axes[a].key + "=" + row.axis_values[a]);
            values.push_back(row.axis_values[a]);
        }
        const std::string label = join(parts, " ");
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.label == label; });
        if (group == groups.end()) group = groups.insert(groups.end(), Group{label, values, {}});
        group->records.push_back(row.record);
    }
    return groups;
}

/// What bounds the layers of each batch.
analysis::BoundsByBatch bounds_by_batch(const Group& group, const std::string& folder) {
    analysis::BoundsByBatch bounds;
    for (const RunRecord& r : group.records)
        if (r.status == Status::ok) bounds[*r.batch_size] = bounds_of(folder, r.point_id);
    return bounds;
}

std::string batch_text(const RunRecord& r) { return "B=" + number_text(*r.batch_size); }

std::string described(const RunRecord& r) {
    return batch_text(r) + " with " + fixed(r.throughput_avg, 0) + " items/s at " +
           fixed(record::typical_latency_ms(r), 2) + (r.latency_ms_p50 ? " ms (p50)" : " ms (mean, by estimate)");
}

std::string holes_text(const std::vector<std::int64_t>& holes) {
    std::vector<std::string> all;
    for (std::int64_t b : holes) all.push_back(number_text(b));
    return holes.empty() ? "" : " Below it these do not fit: B=" + join(all, ", ") + ".";
}

std::string largest_text(const Group& group) {
    const auto largest = analysis::largest_batch(group.records);
    if (!largest) return "No batch fits.";
    std::string text =
        "Largest batch that fits: " + batch_text(group.records[largest->index]) + "." + holes_text(largest->holes);
    if (!largest->first_beyond) return text + " Nothing larger was tried.";
    const RunRecord& beyond = group.records[*largest->first_beyond];
    return text + "\nWhy not " + batch_text(beyond) + ": " + beyond.reason;
}

std::string rivals_text(const Group& group) {
    std::vector<std::string> batches;
    for (const std::size_t i : analysis::knee_rivals(group.records)) batches.push_back(batch_text(group.records[i]));
    return batches.empty() ? "" : "; within the intervals it may be " + join(batches, " or ");
}

/// Kneedle's knee, if it is neither the stated knee nor one of its rivals.
std::string kneedle_text(const Group& group) {
    const auto other = analysis::kneedle(group.records);
    const auto rivals = analysis::knee_rivals(group.records);
    if (!other || other == analysis::knee(group.records)) return "";
    if (std::find(rivals.begin(), rivals.end(), *other) != rivals.end()) return "";
    return "; Kneedle, whose knee depends on the range, says " + batch_text(group.records[*other]);
}

/// b95, or a remark that the batches end too early for one.
std::string b95_text(const Group& group) {
    const auto b = analysis::b95(group.records);
    if (!b) return "";
    const std::string name = "b95 (smallest batch within 5 % of the best throughput): ";
    const RunRecord& record = group.records[*b];
    if (analysis::b95_reached(group.records)) return name + described(record) + ".\n";
    return name + "not reached in range, " + batch_text(record) +
           ", the largest, still gives more than 5 % more than every smaller one.\n";
}

std::string full_sentences(const Group& group, const std::string& folder, const Paint& paint) {
    std::string text;
    if (const auto k = analysis::knee(group.records))
        text += paint(Ink::good, "Knee") + " (most throughput per latency): " + described(group.records[*k]) +
                rivals_text(group) + kneedle_text(group) + ".\n";
    text += b95_text(group);
    text += largest_text(group) + "\n";
    const std::string crossover = analysis::crossover_sentences(bounds_by_batch(group, folder));
    return crossover.empty() ? text : text + crossover + "\n";
}

std::string group_table(const Sweep& sweep, const std::vector<Group>& groups) {
    std::vector<std::string> names;
    for (const explore::Axis& axis : sweep.axes)
        if (axis.key != "batch") names.push_back(axis.key);
    names.insert(names.end(), {"largest batch", "knee", "b95", "best items/s"});
    Table table(names);
    for (const Group& g : groups) {
        const auto largest = analysis::largest_batch(g.records);
        const auto k = analysis::knee(g.records), b = analysis::b95(g.records),
                   best = analysis::best_throughput(g.records);
        const auto batch = [&](std::optional<std::size_t> i) {
            return i ? number_text(*g.records[*i].batch_size) : std::string("-");
        };
        std::vector<std::string> cells = g.values;
        const std::string beyond = b && !analysis::b95_reached(g.records) ? "over " : "";
        cells.insert(cells.end(), {largest ? batch(largest->index) : "-", batch(k), beyond + batch(b),
                                   best ? fixed(g.records[*best].throughput_avg, 0) : "-"});
        table.add(std::move(cells));
    }
    return table.text();
}

bool has_batch_axis(const Sweep& sweep) {
    return std::any_of(sweep.axes.begin(), sweep.axes.end(), [](const auto& a) { return a.key == "batch"; });
}

}  // namespace

std::set<std::string> knees_of(const Sweep& sweep, const SweepResult& result) {
    std::set<std::string> ids;
    if (!has_batch_axis(sweep)) return ids;
    const auto groups = groups_of(sweep, result);
    if (groups.size() > kGroupsInFull) return ids;
    for (const Group& group : groups)
        if (const auto k = analysis::knee(group.records)) ids.insert(group.records[*k].point_id);
    return ids;
}

std::string sweep_sentences(const Sweep& sweep, const SweepResult& result, const Paint& paint) {
    if (!has_batch_axis(sweep)) return "";
    const auto groups = groups_of(sweep, result);
    if (groups.size() > kGroupsInFull) return group_table(sweep, groups);
    std::string text;
    for (const Group& group : groups) {
        if (!group.label.empty()) text += group.label + ":\n";
        text += full_sentences(group, result.folder, paint);
    }
    std::string lines;
    for (const std::string& line : split(text, '\n')) lines += wrapped(line) + "\n";
    return lines.substr(0, lines.size() - 1);
}

json::Value sweep_summary_json(const Sweep& sweep, const SweepResult& result) {
    json::Array list;
    for (const Group& g : groups_of(sweep, result)) {
        json::Object point;
        std::size_t i = 0;
        for (const explore::Axis& axis : sweep.axes)
            if (axis.key != "batch") point.set(axis.key, g.values[i++]);
        const auto batch = [&](std::optional<std::size_t> n) {
            return n ? json::Value{*g.records[*n].batch_size} : json::Value{};
        };
        const bool reached = analysis::b95_reached(g.records);
        json::Object entry{{"point", std::move(point)},
                           {"knee", batch(analysis::knee(g.records))},
                           {"kneedle", batch(analysis::kneedle(g.records))},
                           {"b95", reached ? batch(analysis::b95(g.records)) : json::Value{}}};
        if (!reached) entry.set("b95_note", "not reached in range");
        json::Array rivals;
        for (const std::size_t i : analysis::knee_rivals(g.records)) rivals.emplace_back(*g.records[i].batch_size);
        entry.set("knee_within_intervals", std::move(rivals));
        const auto largest = analysis::largest_batch(g.records);
        entry.set("largest", largest ? batch(largest->index) : json::Value{});
        json::Array holes;
        if (largest)
            for (std::int64_t b : largest->holes) holes.emplace_back(b);
        entry.set("holes", std::move(holes));
        if (largest && largest->first_beyond)
            entry.set("first_beyond", json::Object{{"batch", batch(largest->first_beyond)},
                                                   {"reason", g.records[*largest->first_beyond].reason}});
        list.push_back(std::move(entry));
    }
    json::Object summary{{"groups", std::move(list)}};
    if (!sweep.objectives.empty()) summary.set("objectives", objectives_json(sweep, result));
    return summary;
}

}  // namespace infsim::cli
