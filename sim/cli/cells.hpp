// Cells of any kind of record for people, and the axes of a row as JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "explore/sweep_file.hpp"
#include "record/column.hpp"

namespace infsim::cli {

/// With its significant digits; empty if there is no value.
std::string shown_cell(const record::MemberRef& member);

/// The cells of these columns, which must exist, in that order; "-" if there is no value.
template <class R>
std::vector<std::string> shown_cells(const record::ColumnsOf<R>& columns, const std::vector<std::string>& names,
                                     const R& record) {
    std::vector<std::string> cells;
    for (const record::ColumnOf<R>* column : record::named(columns, names)) {
        const std::string text = shown_cell(record::member_of(*column, record));
        cells.push_back(text.empty() ? "-" : text);
    }
    return cells;
}

/// {"axes": {key: value, ...}, "record": ...} of each row.
template <class Row>
json::Array rows_json(const explore::Sweep& sweep, const std::vector<Row>& rows) {
    json::Array list;
    for (const Row& row : rows) {
        json::Object axes;
        for (std::size_t a = 0; a < sweep.axes.size(); ++a) axes.set(sweep.axes[a].key, row.axis_values[a]);
        list.push_back(json::Object{{"axes", std::move(axes)}, {"record", to_object(row.record)}});
    }
    return list;
}

}  // namespace infsim::cli
