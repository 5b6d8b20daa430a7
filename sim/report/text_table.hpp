// A CSV file as it stands: cells stay text, so that what the page gives back equals the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace infsim::report {

struct TableColumn {
    std::string name, unit, meaning;
    bool axis = false;  ///< a key of the sweep that is no column of every record
};

struct TextTable {
    std::vector<TableColumn> columns;
    std::vector<std::vector<std::string>> rows;  ///< as many cells as columns

    std::optional<std::size_t> find(std::string_view name) const;
    /// The cell of that column, empty where there is no such column.
    const std::string& cell(std::size_t row, std::string_view name) const;
};

/// RFC 4180, line ends in quotes included. Throws InputError with the line where rows are ragged, a quote stays open,
/// or there is not even a header.
TextTable parse_csv(std::string_view text, const std::string& file);

/// The inverse: what the file said, "\n" line ends.
std::string to_csv(const TextTable& table);

/// {"columns": [{"name", "unit", "meaning", "axis", "cells"}]}; a column that says the same in all rows has "same".
json::Object to_json(const TextTable& table);

}  // namespace infsim::report
