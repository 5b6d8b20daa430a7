#include "record/table.hpp"

#include <array>

#include "base/check.hpp"
#include "record/csv.hpp"

namespace infsim::record {

namespace {

constexpr std::array<std::string_view, 4> kTypeNames{"text", "integer", "number", "boolean"};
/// The pandas types that hold such cells and missing ones without turning integers into floating-point numbers.
constexpr std::array<std::string_view, 4> kPandasNames{"string", "Int64", "float64", "boolean"};
constexpr std::array<std::string_view, 3> kKindNames{"quantity", "name", "flag"};

json::Value description(const TableColumn& column) {
    json::Object object{{"name", column.name},
                        {"type", cell_type_name(column.type)},
                        {"pandas", kPandasNames[static_cast<std::size_t>(column.type)]},
                        {"unit", column.unit},
                        {"meaning", column.meaning}};
    if (column.axis) {
        json::Object axis{{"key", column.axis->key}, {"kind", axis_kind_name(column.axis->kind)}};
        if (!column.axis->together_with.empty()) axis.set("together_with", column.axis->together_with);
        object.set("axis", std::move(axis));
    }
    return object;
}

}  // namespace

std::string_view cell_type_name(CellType type) { return kTypeNames[static_cast<std::size_t>(type)]; }
std::string_view axis_kind_name(AxisKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::string table_as_csv(const TableHead& head, const NextRow& next) {
    std::vector<std::string> cells;
    for (const TableColumn& column : head.columns) cells.push_back(column.name);
    std::string text = csv_line(cells) + "\n";
    while (next(cells)) {
        INFSIM_CHECK(cells.size() == head.columns.size(), "a row has as many cells as the table has columns");
        for (std::size_t c = 0; c < cells.size(); ++c)
            if (head.columns[c].type == CellType::text) cells[c] = guarded(cells[c]);
        text += csv_line(cells) + "\n";
    }
    return text;
}

json::Value table_description(const TableHead& head) {
    json::Array columns;
    for (const TableColumn& column : head.columns) columns.push_back(description(column));
    return json::Object{{"schema_version", kTableVersion},
                        {"sweep", head.name},
                        {"question", head.question},
                        {"row", head.row},
                        {"columns", std::move(columns)}};
}

}  // namespace infsim::record
