#include <algorithm>

#include <fmt/format.h>

#include "analysis/price.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "cli/serve_report.hpp"
#include "cli/table.hpp"

namespace infsim::cli {

namespace {

using serving::Scenario;
using serving::Summary;

std::string set_text(const std::vector<int>& sizes) {
    return "{" + [&] {
        std::vector<std::string> all;
        for (int size : sizes) all.push_back(std::to_string(size));
        return join(all, ", ");
    }() + "}";
}

double items_per_request(const Summary& s) { return s.requests_per_s > 0 ? s.throughput / s.requests_per_s : 0; }

/// A set with the results that its figures come from.
struct SetRow {
    const flow::ServingPlan& plan;
    const serving::SetResult& result;
    double best = 0;  ///< requests per second of the best set

    const Summary& at() const { return result.peak.at; }
    bool peaks() const { return result.excluded.empty() && result.peak.rate.has_value(); }
    double items() const { return peaks() ? *result.peak.rate * items_per_request(at()) : 0; }
    /// Why there is no peak; "" if there is one.
    std::string reason() const {
        if (!result.excluded.empty()) return result.excluded;
        return peaks() ? "" : "no load meets the bound: at the lowest load tried, " + join(at().reasons, "; ");
    }
};

std::string usd_text(const SetRow& row) {
    if (!row.plan.price || !row.peaks()) return "-";
    const double per_hour = row.plan.price->usd_per_chip_hour * row.plan.scenario.run.server.chips;
    return fixed(analysis::usd_per_million(per_hour, row.items()), 4);
}

/// A column of the table: its name for --columns, its heading, and the cell of a tried set.
struct SearchColumn {
    const char* name;
    const char* head;
    std::string (*cell)(const SetRow&);
    bool usual = true;
};

const std::vector<SearchColumn>& all_search_columns() {
    static const std::vector<SearchColumn> columns{
        {"peak_rate", "requests/s", [](const SetRow& r) { return r.peaks() ? rate_text(*r.result.peak.rate) : "0"; }},
        {"items_per_s", "items/s", [](const SetRow& r) { return r.peaks() ? rate_text(r.items()) : "0"; }},
        {"latency_ms_at_percentile", nullptr, [](const SetRow& r) { return fixed(r.at().at_percentile, 3); }},
        {"padding_fraction", "padding", [](const SetRow& r) { return percent(r.at().padding); }},
        {"core_utilisation", "busy", [](const SetRow& r) { return percent(r.at().utilisation); }},
        {"cost_per_1m_inf", "USD/1M", usd_text},
        {"loss", "loss",
         [](const SetRow& r) { return r.peaks() ? percent(1 - *r.result.peak.rate / r.best) : std::string("-"); }},
        {"runs", "runs", [](const SetRow& r) { return number_text(static_cast<std::int64_t>(r.result.peak.runs)); },
         false},
    };
    return columns;
}

/// The requested columns, or the usual ones.
std::vector<const SearchColumn*> chosen_columns(const std::vector<std::string>& chosen) {
    std::vector<const SearchColumn*> columns;
    for (const SearchColumn& c : all_search_columns())
        if (chosen.empty() && c.usual) columns.push_back(&c);
    for (const std::string& name : chosen)
        for (const SearchColumn& c : all_search_columns())
            if (c.name == name) columns.push_back(&c);
    return columns;
}

std::string search_table(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results,
                         const std::vector<std::string>& chosen, const Paint& paint) {
    const auto columns = chosen_columns(chosen);
    const double best = results.front().peak.rate.value_or(0);
    const bool marks = std::any_of(results.begin(), results.end(), [&](const serving::SetResult& r) {
        return !SetRow{plan, r, best}.reason().empty();
    });
    std::vector<std::string> names{"batches"};
    if (marks) names.emplace_back("");
    const std::string latency = "p" + number_text(plan.scenario.percentile) + " ms";
    for (const SearchColumn* c : columns) names.push_back(c->head == nullptr ? latency : c->head);
    Table table(names);
    Footnotes reasons;
    for (const serving::SetResult& r : results) {
        const SetRow row{plan, r, best};
        std::vector<std::string> cells{set_text(r.sizes)};
        const std::string reason = row.reason();
        if (marks) cells.push_back(reason.empty() ? "" : reasons.mark(reason));
        for (const SearchColumn* c : columns) cells.push_back(r.excluded.empty() ? c->cell(row) : "-");
        table.add(std::move(cells), !reason.empty() ? Ink::warning : &r == &results.front() ? Ink::good : Ink::plain);
    }
    return table.text(paint) + reasons.text();
}

}  // namespace

std::vector<std::string> search_columns() {
    std::vector<std::string> names;
    for (const SearchColumn& c : all_search_columns()) names.emplace_back(c.name);
    return names;
}

std::string search_text(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results,
                        const std::vector<std::string>& columns, const Paint& paint) {
    const Scenario& s = plan.scenario;
    std::string text = fmt::format("Highest load with p{} of at most {}, to within {} %:\n", number_text(s.percentile),
                                   to_text(s.run.bound), number_text(100 * s.search->tolerance)) +
                       search_table(plan, results, columns, paint);
    if (!results.front().peak.rate) return text + "No load meets the bound.\n";
    const double best = *results.front().peak.rate;
    std::string found =
        paint(Ink::good, "Best") + ": " + set_text(results.front().sizes) + " with " + rate_text(best) + " requests/s";
    if (results.size() > 1 && results[1].peak.rate) {
        const double second = *results[1].peak.rate;
        found += "; the second-best, " + set_text(results[1].sizes) + ", serves " + percent(1 - second / best) +
                 " less at " + percent(best / second - 1) + " more cost per item";
    }
    return text + wrapped(found + ".") + "\n";
}

json::Value search_json(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results) {
    json::Array all;
    for (const serving::SetResult& r : results) {
        json::Array sizes;
        for (int size : r.sizes) sizes.emplace_back(size);
        json::Object entry{{"batches", std::move(sizes)}};
        if (!r.excluded.empty()) entry.set("excluded", r.excluded);
        else {
            entry.set("peak_rate", r.peak.rate ? json::Value{*r.peak.rate} : json::Value{});
            if (r.peak.beyond > 0) entry.set("not_sustained_rate", r.peak.beyond);
            entry.set("items_per_s",
                      r.peak.rate ? json::Value{*r.peak.rate * items_per_request(r.peak.at)} : json::Value{});
            entry.set("latency_ms_at_percentile", r.peak.at.at_percentile);
            entry.set("padding_fraction", r.peak.at.padding);
            entry.set("core_utilisation", r.peak.at.utilisation);
            entry.set("runs", r.peak.runs);
            json::Array reasons;
            if (!r.peak.rate)
                for (const std::string& reason : r.peak.at.reasons) reasons.emplace_back(reason);
            entry.set("reasons", std::move(reasons));
        }
        all.push_back(std::move(entry));
    }
    return json::Object{{"bound_ms", milliseconds(plan.scenario.run.bound)},
                        {"percentile", plan.scenario.percentile},
                        {"sets", std::move(all)}};
}

}  // namespace infsim::cli
