#include "cli/sensitivity_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "cli/table.hpp"
#include "explore/conditions.hpp"
#include "record/csv.hpp"

namespace infsim::cli {

namespace {

using analysis::Elasticity;

std::string interval_text(const std::optional<Elasticity>& e) {
    if (!e) return "-";
    return e->low == e->high ? "exact" : fmt::format("{:+.2f} to {:+.2f}", e->low, e->high);
}

std::string value_text(const std::optional<Elasticity>& e) { return e ? fmt::format("{:+.3f}", e->value) : "-"; }

/// The part that the interval makes sure of: 0 if the interval contains 0.
bool is_felt(const std::optional<Elasticity>& e) { return e && e->value != 0 && (e->low > 0 || e->high < 0); }

std::string limit_text(const std::optional<flow::LargestBatch>& limit) {
    return limit ? number_text(std::int64_t{limit->batch}) + (limit->open ? " or more" : "") : "-";
}

json::Value elasticity_json(const std::optional<Elasticity>& e) {
    if (!e) return {};
    return json::Object{{"value", e->value}, {"low", e->low}, {"high", e->high}};
}

json::Value measured_json(const Measured& m) {
    json::Object entry{{"value", m.value}, {"status", std::string(record::status_name(m.record.status))}};
    if (m.record.throughput_avg) entry.set("throughput_avg", *m.record.throughput_avg);
    if (m.resident) {
        entry.set("fits_without_spilling", m.resident->batch);
        entry.set("or_more", m.resident->open);
    }
    return entry;
}

std::vector<std::string> cells(const std::optional<Elasticity>& e) {
    if (!e) return {"", "", ""};
    return {number_text(e->value), number_text(e->low), number_text(e->high)};
}

bool has_limits(const SensitivityReport& report) {
    return std::any_of(report.list.begin(), report.list.end(),
                       [](const Sensitivity& s) { return s.less.resident.has_value(); });
}

std::string left_text(const SensitivityReport& report) {
    std::vector<std::string> left;
    for (const auto& [key, why] : report.left) left.push_back(key + " (" + why + ")");
    return left.empty() ? "" : wrapped("Not varied: " + join(left, ", ") + ".") + "\n";
}

}  // namespace

double Sensitivity::log_ratio() const {
    return std::log(explore::size_of(more.value)->size / explore::size_of(less.value)->size);
}

std::optional<Elasticity> Sensitivity::throughput() const {
    return analysis::throughput_elasticity(less.record, more.record, log_ratio());
}

std::optional<Elasticity> Sensitivity::limit() const {
    if (!less.resident || !more.resident || less.resident->open || more.resident->open) return std::nullopt;
    return analysis::limit_elasticity(less.resident->batch, more.resident->batch, log_ratio());
}

void sort_by_elasticity(std::vector<Sensitivity>& list) {
    const auto size = [](const Sensitivity& s) {
        const auto e = s.throughput();
        return e ? std::abs(e->value) : -1.0;
    };
    std::stable_sort(list.begin(), list.end(),
                     [&](const Sensitivity& a, const Sensitivity& b) { return size(a) > size(b); });
}

std::string sensitivity_text(const SensitivityReport& report) {
    const auto& base = report.base;
    std::string text = wrapped(fmt::format(
        "{}, B={}: {} items/s. Change of throughput in percent when a constant increases by one percent (with 95 % "
        "intervals), from runs with {:.0f} % less and more:",
        base.model_name, base.batch_size.value_or(0), fixed(base.throughput_avg, 0), 100 * report.share));
    const bool limits = has_limits(report);
    // With limits there is no room for the values; the JSON and CSV always have them.
    std::vector<std::string> names{"constant"};
    if (limits) names.insert(names.end(), {"items/s", "interval", "fits", "limit", "interval "});
    else names.insert(names.end(), {"grade", "from", "to", "items/s", "interval"});
    Table table(names);
    std::vector<std::string> still;
    for (const Sensitivity& s : report.list) {
        const auto e = s.throughput(), l = s.limit();
        if (!is_felt(e) && !is_felt(l) && e) {
            still.push_back(s.key);
            continue;
        }
        std::vector<std::string> row{s.key};
        if (!limits) row.insert(row.end(), {s.grade, s.less.value, s.more.value});
        row.insert(row.end(), {value_text(e), interval_text(e)});
        if (limits)
            row.insert(row.end(), {limit_text(s.less.resident) + " / " + limit_text(s.more.resident), value_text(l),
                                   interval_text(l)});
        table.add(std::move(row));
    }
    text += "\n\n" + table.text();
    if (!still.empty()) text += wrapped("Not distinguishable from 0: " + join(still, ", ") + ".") + "\n";
    return text + left_text(report);
}

json::Value sensitivity_json(const SensitivityReport& report) {
    json::Array list, left;
    for (const Sensitivity& s : report.list)
        list.push_back(json::Object{{"key", s.key},
                                    {"grade", s.grade},
                                    {"value", s.value},
                                    {"less", measured_json(s.less)},
                                    {"more", measured_json(s.more)},
                                    {"throughput_elasticity", elasticity_json(s.throughput())},
                                    {"limit_elasticity", elasticity_json(s.limit())}});
    for (const auto& [key, why] : report.left) left.push_back(json::Object{{"key", key}, {"why", why}});
    return json::Object{
        {"model", report.base.model_name},
        {"batch", report.base.batch_size.value_or(0)},
        {"throughput_avg", report.base.throughput_avg ? json::Value(*report.base.throughput_avg) : json::Value{}},
        {"percent", 100 * report.share},
        {"constants", std::move(list)},
        {"left", std::move(left)}};
}

std::string sensitivity_csv(const SensitivityReport& report) {
    std::string text =
        "model_name,batch_size,key,grade,value,less,more,throughput_elasticity,throughput_elasticity_low,"
        "throughput_elasticity_high,limit_elasticity,limit_elasticity_low,limit_elasticity_high\n";
    for (const Sensitivity& s : report.list) {
        std::vector<std::string> row{report.base.model_name,
                                     number_text(report.base.batch_size.value_or(0)),
                                     s.key,
                                     s.grade,
                                     s.value,
                                     s.less.value,
                                     s.more.value};
        for (const auto& e : {s.throughput(), s.limit()})
            for (std::string& cell : cells(e)) row.push_back(std::move(cell));
        text += record::csv_line(row) + "\n";
    }
    return text;
}

}  // namespace infsim::cli
