// The objectives of a sweep: "maximize", "minimize", "subject_to".
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

/// A comparison that a point's row must satisfy: "latency_ms_p99 <= 10".
struct Bound {
    std::string column;
    Condition::Op op = Condition::Op::less_equal;
    Size written;
    double limit = 0;   ///< the same in the column's unit
    std::string text;   ///< the whole comparison as written
    std::string where;  ///< in the sweep file
};

struct Objectives {
    std::vector<Objective> wanted;  ///< the first decides; the next ones break ties
    std::vector<Bound> bounds;

    bool empty() const { return wanted.empty() && bounds.empty(); }
};

/// A column of the table that an objective or a bound may name.
struct Askable {
    std::string name;
    std::string unit;  ///< of a record's column; for an axis its kind of size (see Size)
    bool is_number = true;
};

/// Reads those of the three members that are present.
Objectives read_objectives(json::ObjectReader& reader);

/// Converts bounds to their columns' units. Adds problems for unknown columns (with a suggestion), columns of text,
/// columns named twice, and bounds of another kind than the column.
void settle_objectives(Objectives& objectives, const std::vector<Askable>& columns, const std::string& file,
                       Problems& problems);

}  // namespace infsim::explore
