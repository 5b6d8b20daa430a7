// The columns of a RunRecord: the one place where they are documented and turned into text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "record/record.hpp"
#include "record/table.hpp"

namespace infsim::record {

/// Reference to one member of a record, by kind.
using MemberRef = std::variant<std::string*, Integer*, Real*, Status*>;

/// One column. `unit` is empty for names, counts and shares of one.
struct Column {
    std::string name;
    std::string unit;
    std::string meaning;
    std::function<MemberRef(RunRecord&)> member;
    bool rare = false;  ///< of few points: a table has such columns only where one of its records does
};

/// All columns in the order of the CSV. Names follow NeuronPerf where it has one.
const std::vector<Column>& columns();

CellType cell_type(const Column& column);

/// A cell as text without quoting: shortest round-trip numbers, "true"/"false", empty where there is no
/// value.
std::string cell_text(const Column& column, const RunRecord& record);

/// Sets a member from its cell_text; false when the text is not of the column's kind.
bool set_cell(const Column& column, RunRecord& record, std::string_view text);

/// One documented line per column, for `--help` and the folder's README.
std::string column_manual();

}  // namespace infsim::record
