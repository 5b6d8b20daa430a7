#include "exec/functions.hpp"

#include <algorithm>
#include <cmath>

namespace infsim::exec {
namespace {

using program::ActFunction;
using program::AluOp;

template <class T, class F>
void each_pair(T* a, const T* b, std::int64_t b_step, std::int64_t n, F f) {
    if (b_step == 0) {  // separate, because only constant strides vectorise
        const T scalar = b[0];
        for (std::int64_t i = 0; i < n; ++i) a[i] = static_cast<T>(f(a[i], scalar));
    } else {
        for (std::int64_t i = 0; i < n; ++i) a[i] = static_cast<T>(f(a[i], b[i]));
    }
}

}  // namespace

template <class T>
void apply(ActFunction function, T* x, std::int64_t n) {
    if (function == ActFunction::identity) return;
    if (function == ActFunction::relu) {  // separate, because a loop without calls vectorises
        for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] < T{0} ? T{0} : x[i];
        return;
    }
    const auto effect = program::spec_of(function).effect;
    for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(effect(static_cast<double>(x[i])));
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
