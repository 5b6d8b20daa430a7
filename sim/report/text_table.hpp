// A CSV file as it is: cells stay text, so that a table downloaded from the page equals the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace infsim::report {

struct TableColumn {
    std::string name, unit, meaning;
    bool axis = false;  ///< a key of the sweep that is not a column of every record
};

struct TextTable {
    std::vector<TableColumn> columns;
    std::vector<std::vector<std::string>> rows;  ///< with as many cells as columns

    std::optional<std::size_t> find(std::string_view name) const;
    /// The cell of that column; empty if there is no such column.
    const std::string& cell(std::size_t row, std::string_view name) const;
};

/// RFC 4180, including line ends in quotes. Throws InputError with the line for ragged rows, an open quote or a missing
/// header.
TextTable parse_csv(std::string_view text, const std::string& file);

/// The inverse: the file's content, with "\n" line ends.
std::string to_csv(const TextTable& table);

/// {"columns": [{"name", "unit", "meaning", "axis", "cells"}]}; a column with equal cells in all rows has "same".
json::Object to_json(const TextTable& table);

}  // namespace infsim::report
