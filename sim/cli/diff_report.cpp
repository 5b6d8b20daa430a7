#include "cli/diff_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "cli/table.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using analysis::Change;
using analysis::Parts;
using record::RunRecord;

constexpr double kNotable = 0.01;  ///< least share of an item's time, or of all bytes, of a listed part
constexpr std::size_t kNamedLayers = 3;

/// Columns of the record that describe the point, the outcome or the plan.
const std::vector<std::string> kPointColumns{"model_name", "batch_size",        "dtype", "io_dtype", "chip", "compiler",
                                             "cores",      "workers_per_model", "seed"};
const std::vector<std::string> kOutcomeColumns{"throughput_avg", "latency_ms_p50",  "latency_ms_p99",
                                               "service_ms",     "roofline_ms",     "efficiency",
                                               "bound",          "dram_utilisation"};
const std::vector<std::string> kPlanColumns{
    "layers",           "instructions",       "sb_peak_bytes",        "sb_lower_bound_bytes", "sb_budget_bytes",
    "spill_save_bytes", "spill_reload_bytes", "relayout_write_bytes", "dram_footprint_bytes"};

double item_ms(const RunRecord& r) { return 1000 * static_cast<double>(*r.n_models) / *r.throughput_avg; }

/// Per item of one inference.
Parts layer_parts(const DiffSide& side) {
    std::vector<analysis::LayerSpan> spans;
    for (const explore::LayerLine& line : side.layers) spans.push_back({line.layer, line.start_ms, line.end_ms});
    Parts parts = analysis::layer_times(spans);
    for (analysis::Part& part : parts) part.amount /= static_cast<double>(*side.record.batch_size);
    return parts;
}

std::string cell(const std::string& column, const RunRecord& record) {
    for (const record::Column& c : record::columns())
        if (c.name == column) return record::cell_text(c, record);
    return "";
}

std::string unit_of(const std::string& column) {
    for (const record::Column& c : record::columns())
        if (c.name == column) return c.unit;
    return "";
}

/// A cell for people: six digits for numbers that are not integers.
std::string short_cell(const std::string& text) {
    const auto amount = parse_amount(text);
    if (text.empty() || !amount || !amount->unit.empty() || text.find('.') == std::string::npos)
        return text.empty() ? "-" : text;
    return fmt::format("{:.6g}", amount->number);
}

/// "+25.0 %" for two cells that are numbers, otherwise empty.
std::string change_text(const std::string& a, const std::string& b) {
    const auto before = parse_amount(a), after = parse_amount(b);
    if (!before || !after || !before->unit.empty() || !after->unit.empty() || before->number == 0 || a == b) return "";
    return signed_percent(after->number / before->number - 1);
}

std::string column_table(const Difference& d, const std::vector<std::string>& columns, bool only_different) {
    Table table({"", "A", "B", "change", "unit"});
    bool any = false;
    for (const std::string& column : columns) {
        const std::string a = cell(column, d.a.record), b = cell(column, d.b.record);
        if ((a.empty() && b.empty()) || (only_different && a == b)) continue;
        table.add({column, short_cell(a), short_cell(b), change_text(a, b), unit_of(column)});
        any = true;
    }
    return any ? table.text() : "";
}

double total(const std::vector<Change>& list, double Change::*side) {
    double all = 0;
    for (const Change& c : list) all += c.*side;
    return all;
}

/// The parts that differ by more than a share of the whole, the sum of the others, and the total. `digits`: after the
/// decimal point.
std::string change_table(const std::vector<Change>& list, const std::string& what, double whole, int digits, bool all) {
    Table table({what, "A", "B", "B - A"});
    const auto row = [&](const std::string& name, double a, double b) {
        table.add({name, fixed(a, digits), fixed(b, digits), (b > a ? "+" : "") + fixed(b - a, digits)});
    };
    Change others{"", 0, 0};
    int left = 0;
    for (const Change& c : list) {
        if (all || std::abs(c.more()) >= kNotable * whole) row(c.name, c.before, c.after);
        else others.before += c.before, others.after += c.after, ++left;
    }
    if (left > 0) row(fmt::format("({} others)", left), others.before, others.after);
    return table.text();
}

/// Layers with the largest differences of this sign, as "conv1 (0.123 ms)".
std::string named_layers(const Difference& d, double sign) {
    std::vector<std::string> names;
    for (const Change& c : d.layers)
        if (sign * c.more() > kNotable * item_ms(d.a.record) && names.size() < kNamedLayers)
            names.push_back(fmt::format("{} ({:+.3f} ms)", c.name, c.more()));
    return join(names, ", ");
}

std::string headline(const Difference& d) {
    const double a = item_ms(d.a.record), b = item_ms(d.b.record);
    const double faster = a / b - 1;
    std::string text = fmt::format("An item takes {:.3f} ms of a core in A and {:.3f} ms in B: ", a, b);
    if (std::abs(faster) < 0.0005) return text + "they are equally fast.";
    const bool b_faster = faster > 0;
    text += fmt::format("{} is {} faster.", b_faster ? "B" : "A", percent(b_faster ? faster : b / a - 1));
    const bool apart = *d.a.record.throughput_low > *d.b.record.throughput_high ||
                       *d.b.record.throughput_low > *d.a.record.throughput_high;
    if (!apart && *d.a.record.throughput_low != *d.a.record.throughput_high)
        text += " The difference is within the intervals of the measurement.";
    const std::string less = named_layers(d, -1), more = named_layers(d, 1);
    if (!less.empty()) text += " B takes less for " + less + ".";
    if (!more.empty()) text += " B takes more for " + more + ".";
    return text;
}

/// What each of them waits for, in words.
std::string stall_text(const Difference& d) {
    const std::string &a = d.a.record.main_stall, &b = d.b.record.main_stall;
    if (a == b) return a.empty() ? "" : wrapped("In both " + a + ".") + "\n";
    return wrapped("In A " + a + ", in B " + b + ".") + "\n";
}

std::string passes_text(const Difference& d) {
    std::string text;
    const auto of = [](const DiffSide& side, const std::string& pass) {
        for (const auto& [name, what] : side.passes)
            if (name == pass) return what;
        return std::string("not run");
    };
    std::vector<std::string> passes;
    for (const DiffSide* side : {&d.a, &d.b})
        for (const auto& [name, what] : side->passes)
            if (std::find(passes.begin(), passes.end(), name) == passes.end()) passes.push_back(name);
    for (const std::string& pass : passes)
        if (of(d.a, pass) != of(d.b, pass))
            text += wrapped(fmt::format("{}: A {}; B {}", pass, of(d.a, pass), of(d.b, pass))) + "\n";
    return text;
}

json::Array changes_json(const std::vector<Change>& list, const char* name, const char* unit) {
    json::Array all;
    for (const Change& c : list)
        all.push_back(json::Object{{name, c.name},
                                   {std::string("a_") + unit, c.before},
                                   {std::string("b_") + unit, c.after},
                                   {std::string("more_") + unit, c.more()}});
    return all;
}

json::Value side_json(const DiffSide& side) {
    json::Object columns, passes;
    for (const auto* list : {&kPointColumns, &kOutcomeColumns, &kPlanColumns})
        for (const std::string& column : *list) {
            const std::string text = cell(column, side.record);
            if (!text.empty()) columns.set(column, json::from_argument(text));
        }
    for (const auto& [name, what] : side.passes) passes.set(name, what);
    return json::Object{{"name", side.name},
                        {"point_id", side.record.point_id},
                        {"item_ms", item_ms(side.record)},
                        {"main_stall", side.record.main_stall},
                        {"columns", std::move(columns)},
                        {"passes", std::move(passes)}};
}

}  // namespace

Difference::Difference(DiffSide first, DiffSide second)
    : a(std::move(first)),
      b(std::move(second)),
      layers(analysis::changes(layer_parts(a), layer_parts(b))),
      engines(analysis::changes(analysis::engine_times(a.record), analysis::engine_times(b.record))),
      bytes(analysis::changes(analysis::bytes_by_purpose(a.record), analysis::bytes_by_purpose(b.record))) {}

std::string diff_text(const Difference& d, bool all) {
    const double ms = std::max(item_ms(d.a.record), item_ms(d.b.record));
    const double bytes = std::max(total(d.bytes, &Change::before), total(d.bytes, &Change::after));
    std::string text = wrapped("A: " + d.a.name) + "\n" + wrapped("B: " + d.b.name) + "\n\n" + wrapped(headline(d)) +
                       "\n" + stall_text(d) + "\n" + column_table(d, kOutcomeColumns, false) + "\n";
    if (const std::string points = column_table(d, kPointColumns, true); !points.empty())
        text += "Settings that differ:\n" + points + "\n";
    text += wrapped("Layers, ms per item of one inference (active layers share each instant):") + "\n" +
            change_table(d.layers, "layer", ms, 4, all) + "\n";
    text += "Engines of a core, ms per item in the long run:\n" + change_table(d.engines, "engine", ms, 4, all) + "\n";
    text += "DRAM and host, bytes per item:\n" + change_table(d.bytes, "purpose", bytes, 0, all) + "\n";
    const std::string plan = column_table(d, kPlanColumns, !all), passes = passes_text(d);
    return text + "Plan:\n" + (plan.empty() && passes.empty() ? "the same\n" : plan + passes);
}

json::Value diff_json(const Difference& d) {
    return json::Object{{"a", side_json(d.a)},
                        {"b", side_json(d.b)},
                        {"layers", changes_json(d.layers, "layer", "ms_per_item")},
                        {"engines", changes_json(d.engines, "engine", "ms_per_item")},
                        {"bytes", changes_json(d.bytes, "purpose", "bytes_per_item")}};
}

}  // namespace infsim::cli
