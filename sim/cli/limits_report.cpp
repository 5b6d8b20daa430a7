#include "cli/limits_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/cells.hpp"
#include "cli/table.hpp"
#include "record/columns.hpp"

namespace infsim::cli {

namespace {

using flow::Limit;
using flow::Limits;

std::string batch_text(const Limit& limit) {
    if (limit.batch == 0) return "none";
    return number_text(std::int64_t{limit.batch}) + (limit.open ? " or more" : "");
}

std::string why_text(const Limit& limit) {
    if (!limit.certificate) return "the search ended there";
    const auto& c = *limit.certificate;
    return fmt::format("B={}: {} {} of {} {}", c.batch, c.resource, rounded(c.demand), rounded(c.capacity), c.unit);
}

std::string holes_text(const Limit& limit) {
    std::vector<std::string> list;
    for (int b : limit.holes) list.push_back(number_text(std::int64_t{b}));
    return join(list, ", ");
}

std::string refusal_text(const compiler::DoesNotFit& why) {
    std::string all;
    if (why.instant)
        all += fmt::format("  peak at instruction {} of {}, in layer {}\n", *why.instant, *why.instants, why.layer);
    if (why.lower_bound_bytes) {
        std::string text = fmt::format("every placement needs at least {} B/partition, weights in use included",
                                       *why.lower_bound_bytes);
        if (why.allocator_bytes)
            text += fmt::format("; the allocator would need {} (fragmentation {})", *why.allocator_bytes,
                                *why.allocator_bytes - *why.lower_bound_bytes);
        all += "  " + wrapped(text, terminal_width() - 2) + "\n";
    }
    if (why.tensors.empty()) return all;
    Table table(
        {"  " + std::string(why.instant ? "alive there" : "there"), why.unit, "images", "from layer", "to layer"});
    for (const auto& t : why.tensors)
        table.add({"  " + t.name, number_text(t.bytes), t.images > 0 ? std::to_string(t.images) : "-", t.from_layer,
                   t.to_layer});
    return all + table.text();
}

std::string certificate_text(const std::string& name, const Limit& limit, const Paint& paint) {
    if (!limit.certificate) return "";
    const auto& c = *limit.certificate;
    const std::string title = paint(Ink::warning, name + ", why not B=" + number_text(std::int64_t{c.batch}) + ":");
    std::string all = "\n" + wrapped(title + " " + c.headline() + ".") + "\n";
    if (c.refusal) all += refusal_text(*c.refusal);
    if (c.levers.empty()) return all;
    Table table({"  what would help", "fits up to", "as an option"});
    for (const auto& l : c.levers)
        table.add({"  " + l.name, "B=" + number_text(std::int64_t{l.batch}) + (l.open ? " or more" : ""), l.change});
    return all + table.text();
}

using Listed = std::vector<std::pair<std::string, const Limit*>>;

/// Why simulated batches are far from their ideal; each batch is explained once.
std::string far_from_ideal_text(const Listed& list, const Paint& paint) {
    std::string all;
    std::vector<int> told;
    for (const auto& [name, limit] : list) {
        if (!limit->record || limit->record->why_slow.empty()) continue;
        if (std::find(told.begin(), told.end(), limit->batch) != told.end()) continue;
        told.push_back(limit->batch);
        const std::string title = paint(Ink::warning, fmt::format("B={} is far from ideal:", limit->batch));
        all += wrapped(title + " " + limit->record->why_slow + ".") + "\n";
    }
    return all;
}

Listed listed(const Limits& l, const flow::LimitsOptions& options) {
    Listed list{{"fits without spilling", &l.resident}};
    if (l.sub_batched) list.emplace_back("in parts, without spilling", &*l.sub_batched);
    list.emplace_back("fits at all", &l.any);
    if (l.best_throughput) list.emplace_back("best throughput", &*l.best_throughput);
    if (l.latency) list.emplace_back("latency up to " + rounded(*options.latency_ms) + " ms", &*l.latency);
    return list;
}

/// The colour of a limit's row.
Ink ink_of(const Limit& limit, const Limits& all) {
    if (limit.batch == 0) return Ink::warning;
    return all.best_throughput && &limit == &*all.best_throughput ? Ink::good : Ink::plain;
}

std::string table_of(const Listed& list, const Limits& all, const std::vector<std::string>& columns,
                     const Paint& paint) {
    std::vector<std::string> names{"limit", "batch"};
    if (columns.empty()) names.insert(names.end(), {"items/s", "p99 ms", "eff.", "why not one more"});
    else names.insert(names.end(), columns.begin(), columns.end());
    Table table(names);
    for (const auto& [name, limit] : list) {
        const record::RunRecord none, &r = limit->record ? *limit->record : none;
        std::vector<std::string> cells{name, batch_text(*limit)};
        if (columns.empty())
            cells.insert(cells.end(), {fixed(r.throughput_avg, 0), fixed(r.latency_ms_p99, 2),
                                       efficiency_text(r.efficiency), why_text(*limit)});
        const auto chosen =
            limit->record ? shown_cells(record::columns(), columns, r) : std::vector<std::string>(columns.size(), "-");
        cells.insert(cells.end(), chosen.begin(), chosen.end());
        table.add(std::move(cells), ink_of(*limit, all));
    }
    return table.text(paint);
}

std::string headline(const Limits& l) {
    std::string text = l.model + ", " + std::string(dtype_name(l.dtype));
    if (l.io_dtype != l.dtype) text += " with inputs and outputs in " + std::string(dtype_name(l.io_dtype));
    text += ", on " + l.chip + ", compiler " + l.compiler;
    return l.note.empty() ? text : text + "; " + l.note;
}

}  // namespace

std::string limits_text(const Limits& limits, const flow::LimitsOptions& options,
                        const std::vector<std::string>& columns, const Paint& paint) {
    const Listed list = listed(limits, options);
    std::string text =
        wrapped(headline(limits)) + "\n\n" + table_of(list, limits, columns, paint) + far_from_ideal_text(list, paint);
    for (const auto& [name, limit] : list)
        if (!limit->holes.empty()) text += wrapped(name + ": below it these do not: B=" + holes_text(*limit)) + "\n";
    std::string told;
    for (const auto& [name, limit] : list) {
        // Each refusal is explained once.
        if (limit->certificate && limit->certificate->text == told) continue;
        text += certificate_text(name, *limit, paint);
        if (limit->certificate) told = limit->certificate->text;
    }
    return text;
}

}  // namespace infsim::cli
