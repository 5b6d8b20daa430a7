#include "explore/conditions.hpp"

#include <array>
#include <sstream>
#include <utility>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "explore/axis_values.hpp"

namespace infsim::explore {

namespace {

constexpr std::array<std::pair<const char*, Condition::Op>, 6> kOps{{{"<", Condition::Op::less},
                                                                     {"<=", Condition::Op::less_equal},
                                                                     {"==", Condition::Op::equal},
                                                                     {"!=", Condition::Op::not_equal},
                                                                     {">=", Condition::Op::greater_equal},
                                                                     {">", Condition::Op::greater}}};

template <class Q>
std::optional<Size> as(const std::string& text, const char* kind) {
    const auto parsed = parse_quantity<Q>(text);
    return parsed ? std::optional(Size{kind, static_cast<double>(parsed.value->count())}) : std::nullopt;
}

}  // namespace

std::optional<Size> size_of(const std::string& text) {
    if (const auto amount = parse_amount(text); amount && amount->unit.empty()) return Size{"number", amount->number};
    if (auto bytes = as<Bytes>(text, "bytes")) return bytes;
    if (auto rate = as<Bandwidth>(text, "bandwidth")) return rate;
    if (auto clock = as<Frequency>(text, "frequency")) return clock;
    if (auto time = as<Duration>(text, "duration")) return time;
    return as<Cycles>(text, "cycles");
}

bool compared(Condition::Op op, double a, double b) {
    switch (op) {
        case Condition::Op::less: return a < b;
        case Condition::Op::less_equal: return a <= b;
        case Condition::Op::equal: return a == b;
        case Condition::Op::not_equal: return a != b;
        case Condition::Op::greater_equal: return a >= b;
        case Condition::Op::greater: return a > b;
    }
    return false;
}

const std::vector<std::string>& size_kinds() {
    static const std::vector<std::string> kinds{"number", "bytes", "bandwidth", "frequency", "duration", "cycles"};
    return kinds;
}

std::optional<Condition> read_condition(const json::Cursor& place) {
    const auto text = place.string();
    if (!text) return std::nullopt;
    Condition condition;
    condition.where = place.pointer();
    std::string op, more;
    std::istringstream words(*text);
    words >> condition.left >> op >> condition.right;
    for (const auto& [name, meant] : kOps) {
        if (op != name || condition.right.empty() || words >> more) continue;
        condition.op = meant;
        return condition;
    }
    place.problem(
        "must be like \"batch <= 8\": a key, one of < <= == != >= >, and a value or another key, with spaces between");
    return std::nullopt;
}

std::optional<bool> holds(const Condition& condition, const ValueOf& value_of, std::string& why) {
    const json::Value* const left = value_of(condition.left);
    if (left == nullptr) {
        why = "'" + condition.left + "' is neither an axis nor in the base";
        return std::nullopt;
    }
    const json::Value* const other = value_of(condition.right);
    const std::string a = value_text(*left), b = other != nullptr ? value_text(*other) : condition.right;
    const auto first = size_of(a), second = size_of(b);
    if (first && second && first->kind == second->kind) return compared(condition.op, first->size, second->size);
    const bool equality = condition.op == Condition::Op::equal || condition.op == Condition::Op::not_equal;
    if (!first && !second && equality) return (a == b) == (condition.op == Condition::Op::equal);
    why = "'" + a + "' and '" + b + "' cannot be compared in this way";
    return std::nullopt;
}

}  // namespace infsim::explore
