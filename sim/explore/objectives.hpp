// What a sweep looks for: "maximize", "minimize", "subject_to".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json_reader.hpp"
#include "explore/conditions.hpp"

namespace infsim::explore {

/// A column of the table that should be large or small.
struct Objective {
    std::string column;
    bool maximize = true;
    std::string where;  ///< in the sweep file
};

/// A comparison that a point's row has to fulfil: "latency_ms_p99 <= 10".
struct Bound {
    std::string column;
    Condition::Op op = Condition::Op::less_equal;
    Size written;
    double limit = 0;   ///< the same in the column's unit
    std::string text;   ///< the whole comparison as written
    std::string where;  ///< in the sweep file
};

struct Objectives {
    std::vector<Objective> wanted;  ///< the first decides, the next ones where it is equal
    std::vector<Bound> bounds;

    bool empty() const { return wanted.empty() && bounds.empty(); }
};

/// A column of the table, as far as it can be asked for.
struct Askable {
    std::string name;
    std::string unit;  ///< of a record's column, or what kind of size (see Size) an axis has
    bool is_number = true;
};

/// Reads the three members, those that are there.
Objectives read_objectives(json::ObjectReader& reader);

/// Puts bounds into their columns' units. Adds what no column is or what is a text, with a suggestion, columns that are
/// asked for twice, and bounds of another kind than the column.
void settle_objectives(Objectives& objectives, const std::vector<Askable>& columns, const std::string& file,
                       Problems& problems);

}  // namespace infsim::explore
