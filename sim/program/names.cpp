#include "program/names.hpp"

#include <array>

namespace infsim::program {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 20> kAluOps{
    "none",          "add",  "subtract",   "reverse_subtract", "multiply",   "divide",     "reverse_divide",
    "max",           "min",  "power",      "reverse_power",    "equal",      "not_equal",  "greater",
    "greater_equal", "less", "less_equal", "logical_and",      "logical_or", "logical_xor"};
static_assert(static_cast<std::size_t>(AluOp::logical_xor) + 1 == kAluOps.size());
constexpr std::array<std::string_view, 4> kEngines{"pe", "act", "pool", "dma"};
static_assert(static_cast<std::size_t>(Engine::dma) + 1 == kEngines.size());
constexpr std::array<std::string_view, 6> kPurposes{"weights", "constants", "input", "output", "spill", "relayout"};
static_assert(static_cast<std::size_t>(Purpose::relayout) + 1 == kPurposes.size());
constexpr std::array<std::string_view, 2> kSpaces{"sb", "psum"};
static_assert(static_cast<std::size_t>(Space::psum) + 1 == kSpaces.size());

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == text) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

std::string_view name(ActFunction f) { return spec_of(f).name; }
std::string_view name(AluOp op) { return kAluOps[static_cast<std::size_t>(op)]; }
std::string_view name(Engine e) { return kEngines[static_cast<std::size_t>(e)]; }
std::string_view name(Purpose p) { return kPurposes[static_cast<std::size_t>(p)]; }
std::string_view name(Space s) { return kSpaces[static_cast<std::size_t>(s)]; }

std::optional<ActFunction> parse_act_function(std::string_view t) {
    for (const ActFunctionSpec& spec : kActFunctions)
        if (spec.name == t) return spec.function;
    return std::nullopt;
}
std::optional<AluOp> parse_alu_op(std::string_view t) { return find<AluOp>(kAluOps, t); }
std::optional<Engine> parse_engine(std::string_view t) { return find<Engine>(kEngines, t); }
std::optional<Purpose> parse_purpose(std::string_view t) { return find<Purpose>(kPurposes, t); }
std::optional<Space> parse_space(std::string_view t) { return find<Space>(kSpaces, t); }

}  // namespace infsim::program
