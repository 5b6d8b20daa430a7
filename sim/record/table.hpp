// Tables for other programs: columns with unit, meaning and type, as CSV or as an SQLite database, and a
// machine-readable description.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace infsim::record {

/// The type of a column's cells. Cells of every type may be empty.
enum class CellType : std::uint8_t { text, integer, number, boolean };
std::string_view cell_type_name(CellType type);

/// The kind of an axis's values: numbers, which have an order and distances; names; or true and false.
enum class AxisKind : std::uint8_t { quantity, name, flag };
std::string_view axis_kind_name(AxisKind kind);

/// The axis of a sweep that a column holds.
struct TableAxis {
    std::string key;  ///< as in the sweep file
    AxisKind kind = AxisKind::name;
    std::string together_with;  ///< key of the axis that it moves together with; empty if crossed
};

struct TableColumn {
    std::string name, unit, meaning;
    CellType type = CellType::text;
    std::optional<TableAxis> axis;
};

/// A table without its rows.
struct TableHead {
    std::string name;      ///< of the sweep
    std::string question;  ///< that the table answers
    std::string row;       ///< what a row is: "point" or "scenario"
    std::vector<TableColumn> columns;
};

/// Replaces its argument by the cells of the next row, as text; false if none is left.
using NextRow = std::function<bool(std::vector<std::string>&)>;

/// Header and rows, each with "\n" at the end. Text cells are guarded (csv.hpp).
std::string table_as_csv(const TableHead& head, const NextRow& next);

/// The bytes of an SQLite database: `points` (or `scenarios`) with the rows, `columns` with their description,
/// `sweep` with name and question. Columns are of type TEXT, INTEGER, REAL or BOOLEAN (1 and 0), empty cells NULL.
std::string table_as_sqlite(const TableHead& head, const NextRow& next);

constexpr int kTableVersion = 1;
/// {"schema_version", "sweep", "question", "row", "columns": [...]}.
json::Value table_description(const TableHead& head);

}  // namespace infsim::record
