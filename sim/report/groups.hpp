// Rows of a sweep that differ in only one thing: the batch, or the rate of requests.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/text_table.hpp"

namespace infsim::report {

struct Group {
    std::string label;              ///< "dims.seq=128 dtype=fp16"; empty if there is only one
    std::vector<std::size_t> rows;  ///< of the table, in its order
};

struct Grouping {
    std::vector<std::string> axes;  ///< columns that distinguish the groups
    std::vector<Group> groups;
};

/// Groups by the table's own axes and by those columns of `identity` that distinguish rows which the previous columns
/// do not; `along` stays free.
Grouping group_rows(const TextTable& table, const std::vector<std::string>& identity, const std::string& along);

/// Whether a column takes more than one value.
bool varies(const TextTable& table, const std::string& column);

}  // namespace infsim::report
