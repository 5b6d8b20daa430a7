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

}  // namespace

std::string search_text(const flow::ServingPlan& plan, const std::vector<serving::SetResult>& results) {
    const Scenario& s = plan.scenario;
    const auto usd = [&](double items) {
        return plan.price
                   ? fixed(analysis::usd_per_million(plan.price->usd_per_chip_hour * s.run.server.chips, items), 4)
                   : "-";
    };
    Table table({"batches", "requests/s", "items/s", "p" + number_text(s.percentile) + " ms", "padding", "busy",
                 "USD/1M", "loss", ""});
    const double best = results.front().peak.rate.value_or(0);
    for (const serving::SetResult& r : results) {
        if (!r.excluded.empty()) {
            table.add({set_text(r.sizes), "-", "-", "-", "-", "-", "-", "-", r.excluded});
            continue;
        }
        const Summary& m = r.peak.at;
        if (!r.peak.rate) {
            table.add({set_text(r.sizes), "0", "0", fixed(m.at_percentile, 3), percent(m.padding),
                       percent(m.utilisation), "-", "-",
                       "no load meets the bound: at the lowest tried, " + join(m.reasons, "; ")});
            continue;
        }
        const double items = *r.peak.rate * items_per_request(m);
        table.add({set_text(r.sizes), rate_text(*r.peak.rate), rate_text(items), fixed(m.at_percentile, 3),
                   percent(m.padding), percent(m.utilisation), usd(items), percent(1 - *r.peak.rate / best), ""});
    }
    std::string text = fmt::format("Highest load with p{} of at most {}, to within {} %:\n", number_text(s.percentile),
                                   to_text(s.run.bound), number_text(100 * s.search->tolerance)) +
                       table.text();
    if (!results.front().peak.rate) return text + "No load meets the bound.\n";
    text += "Best: " + set_text(results.front().sizes) + " with " + rate_text(best) + " requests/s";
    if (results.size() > 1 && results[1].peak.rate) {
        const double second = *results[1].peak.rate;
        text += "; the second-best, " + set_text(results[1].sizes) + ", serves " + percent(1 - second / best) +
                " less at " + percent(best / second - 1) + " more cost per item";
    }
    return text + ".\n";
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
