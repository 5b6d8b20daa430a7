// The table of a sweep: its columns, their cells and their description.
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

/// An axis as a column, named after its key. If all values are quantities of one kind, they become numbers in one unit,
/// the same in every sweep: B, GB/s, MHz, us and cycles; pJ, pJ/B and W for a chip's energy. Others stay as written.
record::TableColumn axis_column(const Sweep& sweep, std::size_t axis);
/// A value of an axis as a cell of its column.
std::string axis_cell(const record::TableColumn& column, const std::string& value);

/// The columns: first the axes that no column of a record shows, then the record's; rare columns only if some row has a
/// value. If two files of an axis have networks, chips or profiles of one name, a column model_file, chip_file or
/// compiler_file distinguishes them.
record::TableHead table_head(const Sweep& sweep, const std::vector<SweepRow>& rows);
record::TableHead table_head(const Sweep& sweep, const std::vector<ServingRow>& rows);

/// The text of DIR/table.csv.
std::string table_csv(const Sweep& sweep, const std::vector<SweepRow>& rows);

/// Writes DIR/table.csv or DIR/table.sqlite, and its description DIR/table.columns.json; each atomically. Removes a
/// table of the other format from an earlier run, because it may have other points. Throws InputError.
void write_table(const Sweep& sweep, const std::vector<SweepRow>& rows, const std::string& folder, TableFormat format);
void write_table(const Sweep& sweep, const std::vector<ServingRow>& rows, const std::string& folder,
                 TableFormat format);
void write_table(const Sweep& sweep, const std::vector<LimitsRow>& rows, const std::string& folder, TableFormat format);

}  // namespace infsim::explore
