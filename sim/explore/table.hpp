// The table of a sweep: which columns it has, what stands in them, and what describes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "explore/sweep_file.hpp"
#include "record/table.hpp"

namespace infsim::explore {

struct SweepRow;
struct ServingRow;
struct LimitsRow;

enum class TableFormat : std::uint8_t { csv, sqlite };

/// An axis as a column, called as its key. Values that are all quantities of one kind are numbers of one unit, the same
/// in every sweep: B, GB/s, MHz, us and cycles; pJ, pJ/B and W of a chip's energy. Others are text as written.
record::TableColumn axis_column(const Sweep& sweep, std::size_t axis);
/// A value of an axis as the cell of its column.
std::string axis_cell(const record::TableColumn& column, const std::string& value);

/// The columns: first the axes that no column of a record shows, then the record's; of those that few records have, the
/// ones that some row does. Where two files of an axis have networks, chips or profiles of one name, a column
/// model_file, chip_file or compiler_file tells them apart.
record::TableHead table_head(const Sweep& sweep, const std::vector<SweepRow>& rows);
record::TableHead table_head(const Sweep& sweep, const std::vector<ServingRow>& rows);

/// The text of DIR/table.csv.
std::string table_csv(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// Writes DIR/table.csv or DIR/table.sqlite, and DIR/table.columns.json, which describes it; each in one step. A table
/// of the other format that an earlier run left is removed: it may be of other points. Throws InputError.
void write_table(const Sweep& sweep, const std::vector<SweepRow>& rows, const std::string& folder, TableFormat format);
void write_table(const Sweep& sweep, const std::vector<ServingRow>& rows, const std::string& folder,
                 TableFormat format);
void write_table(const Sweep& sweep, const std::vector<LimitsRow>& rows, const std::string& folder, TableFormat format);

}  // namespace infsim::explore
