// The functions of the ACT engine: one table of their names and definitions.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace infsim::program {

enum class ActFunction : std::uint8_t {
    identity,
    relu,
    exp,
    log,
    sqrt,
    rsqrt,
    reciprocal,
    sigmoid,
    tanh,
    gelu,
    gelu_tanh,
    erf,
    softplus,
    softsign,
    abs,
    square,
    sin,
    cos,
    sign,
    floor,
    ceil,
    round,
    atan,
};

struct ActFunctionSpec {
    ActFunction function;
    std::string_view name;       ///< in text forms; the graph operator of the same name is this function
    double (*effect)(double x);  ///< NaN propagates
};

// clang-format off
/// One row per function, in the order of the enumeration.
inline constexpr std::array kActFunctions{
    ActFunctionSpec{ActFunction::identity,   "identity",   [](double x) { return x; }},
    ActFunctionSpec{ActFunction::relu,       "relu",       [](double x) { return x < 0 ? 0.0 : x; }},
    ActFunctionSpec{ActFunction::exp,        "exp",        [](double x) { return std::exp(x); }},
    ActFunctionSpec{ActFunction::log,        "log",        [](double x) { return std::log(x); }},
    ActFunctionSpec{ActFunction::sqrt,       "sqrt",       [](double x) { return std::sqrt(x); }},
    ActFunctionSpec{ActFunction::rsqrt,      "rsqrt",      [](double x) { return 1.0 / std::sqrt(x); }},
    ActFunctionSpec{ActFunction::reciprocal, "reciprocal", [](double x) { return 1.0 / x; }},
    ActFunctionSpec{ActFunction::sigmoid,    "sigmoid",    [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
    ActFunctionSpec{ActFunction::tanh,       "tanh",       [](double x) { return std::tanh(x); }},
    ActFunctionSpec{ActFunction::gelu,       "gelu",       [](double x) { return 0.5 * x * (1.0 + std::erf(x * 0.70710678118654752440)); }},
    ActFunctionSpec{ActFunction::gelu_tanh,  "gelu_tanh",  [](double x) { return 0.5 * x * (1.0 + std::tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x))); }},
    ActFunctionSpec{ActFunction::erf,        "erf",        [](double x) { return std::erf(x); }},
    ActFunctionSpec{ActFunction::softplus,   "softplus",   [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
    ActFunctionSpec{ActFunction::softsign,   "softsign",   [](double x) { return x / (1.0 + std::abs(x)); }},
    ActFunctionSpec{ActFunction::abs,        "abs",        [](double x) { return std::abs(x); }},
    ActFunctionSpec{ActFunction::square,     "square",     [](double x) { return x * x; }},
    ActFunctionSpec{ActFunction::sin,        "sin",        [](double x) { return std::sin(x); }},
    ActFunctionSpec{ActFunction::cos,        "cos",        [](double x) { return std::cos(x); }},
    ActFunctionSpec{ActFunction::sign,       "sign",       [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }},
    ActFunctionSpec{ActFunction::floor,      "floor",      [](double x) { return std::floor(x); }},
    ActFunctionSpec{ActFunction::ceil,       "ceil",       [](double x) { return std::ceil(x); }},
    ActFunctionSpec{ActFunction::round,      "round",      [](double x) { return std::nearbyint(x); }},  // half to even
    ActFunctionSpec{ActFunction::atan,       "atan",       [](double x) { return std::atan(x); }},
};
// clang-format on

constexpr bool act_functions_in_order() {
    for (std::size_t i = 0; i < kActFunctions.size(); ++i)
        if (static_cast<std::size_t>(kActFunctions[i].function) != i) return false;
    return true;
}
static_assert(act_functions_in_order());

constexpr const ActFunctionSpec& spec_of(ActFunction f) { return kActFunctions[static_cast<std::size_t>(f)]; }

}  // namespace infsim::program
