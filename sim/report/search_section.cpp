#include "base/text.hpp"
#include "report/sections.hpp"
#include "report/words.hpp"

namespace infsim::report {

namespace {

std::string sizes_text(const json::Object& set) {
    const json::Value* sizes = set.find("batches");
    std::vector<std::string> all;
    if (sizes && sizes->is_array())
        for (const json::Value& size : sizes->as_array()) all.push_back(json::dump(size, 0));
    return join(all, "+");
}

std::string cell(const json::Object& set, const char* key) {
    const json::Value* value = set.find(key);
    if (!value || value->is_null()) return "";
    return value->is_string()   ? value->as_string()
           : value->is_int()    ? number_text(value->as_int())
           : value->is_number() ? number_text(value->as_number())
                                : json::dump(*value, 0);
}

std::string why(const json::Object& set) {
    std::vector<std::string> parts;
    if (const std::string excluded = text_in(set, "excluded"); !excluded.empty()) parts.push_back(excluded);
    if (const json::Value* reasons = set.find("reasons"); reasons && reasons->is_array())
        for (const json::Value& reason : reasons->as_array())
            if (reason.is_string()) parts.push_back(reason.as_string());
    return join(parts, "; ");
}

TextTable table_of(const std::vector<const json::Object*>& sets) {
    TextTable table;
    table.columns = {{"batches", "", "compiled batches, joined by +", true},
                     {"peak_rate", "requests/s", "highest load within the bound", false},
                     {"not_sustained_rate", "requests/s", "the next higher load tried, which is not sustained", false},
                     {"items_per_s", "items/s", "the peak in items", false},
                     {"latency_ms_at_percentile", "ms", "latency at the peak, at the bound's percentile", false},
                     {"padding_fraction", "", "share of computed items that are padding", false},
                     {"core_utilisation", "", "share of the time that cores execute", false},
                     {"runs", "", "number of loads tried", false},
                     {"reason", "", "why there is no peak", false}};
    for (const json::Object* set : sets) {
        std::vector<std::string> row{sizes_text(*set)};
        for (std::size_t c = 1; c + 1 < table.columns.size(); ++c)
            row.push_back(cell(*set, table.columns[c].name.c_str()));
        row.push_back(why(*set));
        table.rows.push_back(std::move(row));
    }
    return table;
}

/// Results are ordered best first.
json::Array sentences_of(const json::Object& result, const std::vector<const json::Object*>& sets) {
    const std::string bound =
        rounded(number_in(result, "bound_ms")) + " ms at p" + rounded(number_in(result, "percentile"));
    if (sets.empty()) return {json::Value{"The search tried no set of batches."}};
    const json::Object& best = *sets.front();
    if (!number_in(best, "peak_rate"))
        return {json::Value{sentence("no set of batches serves any load within " + bound + "; " + sizes_text(best) +
                                     ": " + why(best))}};
    json::Array all{"Compile B=" + sizes_text(best) + ": it serves " + rounded(number_in(best, "peak_rate")) +
                    " requests/s within " + bound + ", at " + rounded(number_in(best, "latency_ms_at_percentile")) +
                    " ms."};
    if (sets.size() > 1)
        all.emplace_back(number_in(*sets[1], "peak_rate")
                             ? "Next best is B=" + sizes_text(*sets[1]) + " with " +
                                   rounded(number_in(*sets[1], "peak_rate")) + " requests/s."
                             : "No other set of batches serves a load within the bound.");
    all.emplace_back("At that load " + percent(number_in(best, "padding_fraction").value_or(0)) +
                     " of what is computed is padding, and cores execute " +
                     percent(number_in(best, "core_utilisation").value_or(0)) + " of the time.");
    return all;
}

}  // namespace

json::Object search_section(const SearchSource& search) {
    std::vector<const json::Object*> sets;
    for (const json::Value& set : search.result.find("sets")->as_array())
        if (set.is_object()) sets.push_back(&set.as_object());
    json::Array rows;
    for (std::size_t i = 0; i < sets.size(); ++i) rows.emplace_back(static_cast<std::int64_t>(i));
    json::Object group{{"label", ""}, {"rows", std::move(rows)}, {"sentences", sentences_of(search.result, sets)}};
    return {{"kind", "search"},
            {"notes", json::Array{}},
            {"along", "batches"},
            {"axes", json::Array{}},
            {"groups", json::Array{std::move(group)}},
            {"table", to_json(table_of(sets))}};
}

}  // namespace infsim::report
