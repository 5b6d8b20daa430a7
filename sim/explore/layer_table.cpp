#include "explore/layer_table.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "record/csv.hpp"

namespace infsim::explore {

namespace {

std::size_t column_of(const std::vector<std::string>& names, const std::string& name, const std::string& file) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw InputError(file, "line 1", "column '" + name + "' is missing");
    return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

std::vector<LayerLine> parse_layers(const std::string& layers_csv, const std::string& file) {
    if (layers_csv.empty()) return {};
    const auto lines = split(trim(layers_csv), '\n');
    const auto names = record::split_csv_line(lines.front());
    const std::size_t layer = column_of(names, "layer", file), bound = column_of(names, "bound", file),
                      stall = column_of(names, "main_stall", file), start = column_of(names, "start_ms", file),
                      end = column_of(names, "end_ms", file);
    std::vector<LayerLine> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto cells = record::split_csv_line(lines[i]);
        const auto place = "line " + std::to_string(i + 1);
        if (cells.size() != names.size()) throw InputError(file, place, "has more or fewer cells than the header");
        const auto from = parse_amount(cells[start]), to = parse_amount(cells[end]);
        if (!from || !to) throw InputError(file, place, "start_ms and end_ms must be numbers");
        rows.push_back({cells[layer], cells[bound], cells[stall], from->number, to->number});
    }
    return rows;
}

}  // namespace infsim::explore
