#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/problems.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "report/sections.hpp"

namespace infsim::report {

namespace {

/// These columns follow from others; leaving them out makes room for more points.
bool follows(const std::string& column) { return column == "end_ms" || column == "pe_cycles"; }

/// Numbers with the digits that a chart can show, text unchanged.
json::Value shown(const std::string& cell) {
    const auto amount = parse_amount(cell);
    if (!amount || !amount->unit.empty()) return cell;
    if (cell.find_first_not_of("-0123456789") == std::string::npos && cell.size() < 16)
        return static_cast<std::int64_t>(amount->number);
    const auto digits = parse_amount(fmt::format("{:.5g}", amount->number));
    return digits ? digits->number : amount->number;
}

/// Columns of all points' layers; equal columns are kept once, because names and weights are the same at every batch.
class Pool {
public:
    std::int64_t put(const std::string& text, json::Array column) {
        const auto [entry, added] = known_.emplace(text, static_cast<std::int64_t>(columns_.size()));
        if (added) columns_.emplace_back(std::move(column));
        return entry->second;
    }
    bool knows(const std::string& text) const { return known_.count(text) > 0; }
    json::Array take() { return std::move(columns_); }

private:
    std::map<std::string, std::int64_t> known_;
    json::Array columns_;
};

/// Rows by the priority of their layers: first those that sentences name, of every group, then all.
std::vector<std::size_t> rows_by_worth(const json::Object& section, std::size_t rows) {
    std::vector<std::size_t> order;
    for (const char* what : {"knee", "largest", "best", "b95"})
        for (const json::Value& group : section.find("groups")->as_array())
            if (const json::Value* row = group.as_object().find(what); row && row->is_int())
                order.push_back(static_cast<std::size_t>(row->as_int()));
    for (std::size_t r = 0; r < rows; ++r) order.push_back(r);
    std::vector<bool> seen(rows, false);
    order.erase(std::remove_if(order.begin(), order.end(),
                               [&](std::size_t r) {
                                   const bool again = seen[r];
                                   seen[r] = true;
                                   return again;
                               }),
                order.end());
    return order;
}

/// The layers of one point as indices into the pool, charged to `budget`; empty if they cost more than that.
std::optional<json::Object> layers_of(const TextTable& table, std::size_t row, Pool& pool, std::size_t& budget) {
    std::vector<std::pair<std::string, json::Array>> columns;
    std::size_t cost = 40;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (follows(table.columns[c].name)) continue;
        json::Array cells;
        const bool name = table.columns[c].name == "layer" || table.columns[c].name == "kind";
        for (const auto& layer : table.rows) cells.push_back(name ? json::Value{layer[c]} : shown(layer[c]));
        const std::string text = json::dump(cells, 0);
        cost += table.columns[c].name.size() + 8 + (pool.knows(text) ? 0 : text.size());
        columns.emplace_back(text, std::move(cells));
    }
    if (cost > budget) return std::nullopt;
    budget -= cost;
    json::Object result{{"row", static_cast<std::int64_t>(row)}};
    json::Object places;
    std::size_t i = 0;
    for (const TableColumn& column : table.columns) {
        if (follows(column.name)) continue;
        places.set(column.name, pool.put(columns[i].first, std::move(columns[i].second)));
        ++i;
    }
    result.set("columns", std::move(places));
    return result;
}

}  // namespace

std::size_t add_layers(json::Object& section, const Source& source, std::size_t budget) {
    const auto* sweep = std::get_if<SweepSource>(&source.content);
    if (!sweep || sweep->layers_csv.empty()) return budget;
    Pool pool;
    json::Array points;
    std::int64_t left_out = 0;
    for (const std::size_t row : rows_by_worth(section, sweep->table.rows.size())) {
        const std::string& id = sweep->table.cell(row, "point_id");
        const auto text = sweep->layers_csv.find(id);
        if (text == sweep->layers_csv.end()) continue;
        auto layers =
            layers_of(parse_csv(text->second, source.path + "/points/" + id + "/layers.csv"), row, pool, budget);
        if (layers) points.emplace_back(std::move(*layers));
        else ++left_out;
    }
    section.set("layers", json::Object{{"pool", pool.take()}, {"points", std::move(points)}, {"left_out", left_out}});
    return budget;
}

}  // namespace infsim::report
