// The columns of a RunRecord: the only place where they are documented and turned into text.
#pragma once

#include <string>
#include <vector>

#include "record/column.hpp"
#include "record/record.hpp"

namespace infsim::record {

using Column = ColumnOf<RunRecord>;

/// All columns in the order of the CSV. Names follow NeuronPerf where it has one.
const std::vector<Column>& columns();

/// One documented line per column, for `--help` and the folder's README.
std::string column_manual();

}  // namespace infsim::record
