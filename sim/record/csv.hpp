// Records as CSV (RFC 4180 quoting, "\n" line ends) and as JSON objects.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "record/record.hpp"

namespace infsim::record {

/// Quotes a cell if it contains a comma, a quote or a line end.
std::string csv_cell(std::string_view text);
/// Puts a ' before a text that a spreadsheet would take for a formula (one that begins with =, +, - or @);
/// unguarded() removes it. A text that begins with such a guard gets another one, so that nothing is lost.
std::string guarded(const std::string& text);
std::string unguarded(const std::string& text);
/// Joins cells, quoting each as needed; no line end.
std::string csv_line(const std::vector<std::string>& cells);
/// Splits a CSV line written by csv_line (no line end inside quotes). Unbalanced quotes end with the line.
std::vector<std::string> split_csv_line(std::string_view line);

/// Names of rare columns.
using RareColumns = std::set<std::string>;
/// The rare columns in which the record has a value.
RareColumns rare_columns(const RunRecord& record);
/// Column names, and one record in the same order, with guarded texts; no line end. Of the rare columns, only those in
/// `rare`.
std::string csv_header(const RareColumns& rare = {});
std::string csv_row(const RunRecord& record, const RareColumns& rare = {});

/// The inverse of csv_header + csv_row: columns are found by name, unknown ones ignored.
/// Throws InputError naming `file` and the column when a cell is not of its column's kind.
RunRecord parse_csv_row(std::string_view header, std::string_view row, const std::string& file);

/// Keys in column order, members without a value left out, "record_version" first.
json::Object to_object(const RunRecord& record);
/// to_object as one line: the form used by worker processes and stores.
std::string to_json(const RunRecord& record);
/// Inverse of to_json. Throws InputError naming `file` for text that to_json did not write (also another version).
RunRecord from_json(std::string_view text, const std::string& file);

}  // namespace infsim::record
