#include "exec/functions.hpp"

#include <algorithm>
#include <cmath>

namespace infsim::exec {
namespace {

using program::ActFunction;
using program::AluOp;

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;

template <class T, class F>
void each(T* x, std::int64_t n, F f) {
    for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(f(static_cast<double>(x[i])));
}

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu(double x) { return 0.5 * x * (1.0 + std::erf(x * kSqrtHalf)); }
double gelu_tanh(double x) { return 0.5 * x * (1.0 + std::tanh(kSqrtTwoOverPi * (x + 0.044715 * x * x * x))); }

template <class T, class F>
void each_pair(T* a, const T* b, std::int64_t b_step, std::int64_t n, F f) {
    if (b_step == 0) {  // apart, because only constant strides vectorise
        const T scalar = b[0];
        for (std::int64_t i = 0; i < n; ++i) a[i] = static_cast<T>(f(a[i], scalar));
    } else {
        for (std::int64_t i = 0; i < n; ++i) a[i] = static_cast<T>(f(a[i], b[i]));
    }
}

}  // namespace

template <class T>
void apply(ActFunction function, T* x, std::int64_t n) {
    using D = double;
    switch (function) {
        case ActFunction::identity: return;
        case ActFunction::relu:
            for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] < T{0} ? T{0} : x[i];
            return;
        case ActFunction::exp: return each(x, n, [](D v) { return std::exp(v); });
        case ActFunction::log: return each(x, n, [](D v) { return std::log(v); });
        case ActFunction::sqrt: return each(x, n, [](D v) { return std::sqrt(v); });
        case ActFunction::rsqrt: return each(x, n, [](D v) { return 1.0 / std::sqrt(v); });
        case ActFunction::reciprocal: return each(x, n, [](D v) { return 1.0 / v; });
        case ActFunction::sigmoid: return each(x, n, [](D v) { return 1.0 / (1.0 + std::exp(-v)); });
        case ActFunction::tanh: return each(x, n, [](D v) { return std::tanh(v); });
        case ActFunction::gelu: return each(x, n, gelu);
        case ActFunction::gelu_tanh: return each(x, n, gelu_tanh);
        case ActFunction::erf: return each(x, n, [](D v) { return std::erf(v); });
        case ActFunction::softplus: return each(x, n, softplus);
        case ActFunction::softsign: return each(x, n, [](D v) { return v / (1.0 + std::abs(v)); });
        case ActFunction::abs: return each(x, n, [](D v) { return std::abs(v); });
        case ActFunction::square: return each(x, n, [](D v) { return v * v; });
        case ActFunction::sin: return each(x, n, [](D v) { return std::sin(v); });
        case ActFunction::cos: return each(x, n, [](D v) { return std::cos(v); });
        case ActFunction::sign: return each(x, n, sign);
        case ActFunction::floor: return each(x, n, [](D v) { return std::floor(v); });
        case ActFunction::ceil: return each(x, n, [](D v) { return std::ceil(v); });
        case ActFunction::round: return each(x, n, [](D v) { return std::nearbyint(v); });
    }
}

template <class T>
void apply(AluOp op, T* a, const T* b, std::int64_t s, std::int64_t n) {
    switch (op) {
        case AluOp::none: return;
        case AluOp::add: return each_pair(a, b, s, n, [](T x, T y) { return x + y; });
        case AluOp::subtract: return each_pair(a, b, s, n, [](T x, T y) { return x - y; });
        case AluOp::reverse_subtract: return each_pair(a, b, s, n, [](T x, T y) { return y - x; });
        case AluOp::multiply: return each_pair(a, b, s, n, [](T x, T y) { return x * y; });
        case AluOp::divide: return each_pair(a, b, s, n, [](T x, T y) { return x / y; });
        case AluOp::reverse_divide: return each_pair(a, b, s, n, [](T x, T y) { return y / x; });
        case AluOp::max: return each_pair(a, b, s, n, [](T x, T y) { return x < y || y != y ? y : x; });
        case AluOp::min: return each_pair(a, b, s, n, [](T x, T y) { return y < x || y != y ? y : x; });
        case AluOp::power: return each_pair(a, b, s, n, [](T x, T y) { return std::pow(double{x}, double{y}); });
        case AluOp::reverse_power:
            return each_pair(a, b, s, n, [](T x, T y) { return std::pow(double{y}, double{x}); });
        case AluOp::equal: return each_pair(a, b, s, n, [](T x, T y) { return x == y; });
        case AluOp::not_equal: return each_pair(a, b, s, n, [](T x, T y) { return x != y; });
        case AluOp::greater: return each_pair(a, b, s, n, [](T x, T y) { return x > y; });
        case AluOp::greater_equal: return each_pair(a, b, s, n, [](T x, T y) { return x >= y; });
        case AluOp::less: return each_pair(a, b, s, n, [](T x, T y) { return x < y; });
        case AluOp::less_equal: return each_pair(a, b, s, n, [](T x, T y) { return x <= y; });
        case AluOp::logical_and: return each_pair(a, b, s, n, [](T x, T y) { return x != T{0} && y != T{0}; });
        case AluOp::logical_or: return each_pair(a, b, s, n, [](T x, T y) { return x != T{0} || y != T{0}; });
        case AluOp::logical_xor: return each_pair(a, b, s, n, [](T x, T y) { return (x != T{0}) != (y != T{0}); });
    }
}

template void apply(ActFunction, float*, std::int64_t);
template void apply(ActFunction, double*, std::int64_t);
template void apply(AluOp, float*, const float*, std::int64_t, std::int64_t);
template void apply(AluOp, double*, const double*, std::int64_t, std::int64_t);

}  // namespace infsim::exec
