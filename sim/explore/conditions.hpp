// Which of the crossed points a sweep runs: "where": ["batch <= 8", "chip.pe.columns <= chip.psum.partitions"].
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json_reader.hpp"

namespace infsim::explore {

/// A size with its kind: "number", or what the unit measures. Sizes of one kind can be compared.
struct Size {
    std::string kind;
    double size = 0;
};
/// Parses "4", "64KiB", "75GB/s"; empty for other texts.
std::optional<Size> size_of(const std::string& text);
/// All kinds.
const std::vector<std::string>& size_kinds();

/// One comparison. `left` is a key of the sweep, `right` another key or a literal.
struct Condition {
    enum class Op { less, less_equal, equal, not_equal, greater_equal, greater };
    std::string left;
    Op op = Op::equal;
    std::string right;
    std::string where;  ///< in the sweep file
};

bool compared(Condition::Op op, double a, double b);

/// "KEY OP KEY" or "KEY OP VALUE", with spaces around one of < <= == != >= >. Empty after having reported what is
/// wrong.
std::optional<Condition> read_condition(const json::Cursor& place);

/// The value of a sweep key in a point; null for other keys.
using ValueOf = std::function<const json::Value*(const std::string& key)>;

/// Whether the condition holds. Numbers and quantities of one kind (such as KiB and MiB) compare by size, other texts
/// only for equality. Empty if the two cannot be compared; `why` then has the reason.
std::optional<bool> holds(const Condition& condition, const ValueOf& value_of, std::string& why);

}  // namespace infsim::explore
