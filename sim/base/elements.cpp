#include "base/elements.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.hpp"

namespace infsim {
namespace {

template <class Stored, class T, class Convert>
void load_as(const std::byte* from, std::int64_t step, std::int64_t n, T* out, Convert convert) {
    const std::int64_t stride = step * static_cast<std::int64_t>(sizeof(Stored));
    const auto one = [&](std::int64_t i, std::int64_t byte) {
        Stored stored;
        std::memcpy(&stored, from + byte, sizeof stored);
        out[i] = static_cast<T>(convert(stored));
    };
    if (step == 1) {  // the common case is separate, because only a constant stride vectorises
        for (std::int64_t i = 0; i < n; ++i) one(i, i * static_cast<std::int64_t>(sizeof(Stored)));
    } else {
        for (std::int64_t i = 0; i < n; ++i) one(i, i * stride);
    }
}

template <class Stored, class T, class Convert>
void store_as(const T* values, std::int64_t n, std::byte* to, std::int64_t step, Convert convert) {
    const std::int64_t stride = step * static_cast<std::int64_t>(sizeof(Stored));
    const auto one = [&](std::int64_t i, std::int64_t byte) {
        const Stored stored = convert(values[i]);
        std::memcpy(to + byte, &stored, sizeof stored);
    };
    if (step == 1) {
        for (std::int64_t i = 0; i < n; ++i) one(i, i * static_cast<std::int64_t>(sizeof(Stored)));
    } else {
        for (std::int64_t i = 0; i < n; ++i) one(i, i * stride);
    }
}

/// Truncated towards zero, saturating; NaN is 0.
template <class Integer>
Integer to_integer(double x) {
    using Limits = std::numeric_limits<Integer>;
    if (std::isnan(x)) return 0;
    const double t = std::trunc(x);
    if (t <= static_cast<double>(Limits::min())) return Limits::min();
    if (t >= static_cast<double>(Limits::max())) return Limits::max();  // for i64 this is 2^63, just beyond max
    return static_cast<Integer>(t);
}

constexpr auto kSame = [](auto x) { return x; };

}  // namespace

template <class T>
void load_elements(DType dtype, const std::byte* from, std::int64_t step, std::int64_t n, T* out) {
    switch (dtype) {
        case DType::fp32: return load_as<float>(from, step, n, out, kSame);
        case DType::fp64: return load_as<double>(from, step, n, out, kSame);
        case DType::fp16:
            return load_as<std::uint16_t>(from, step, n, out, [](std::uint16_t h) { return fp16_to_float(h); });
        case DType::bf16:
            return load_as<std::uint16_t>(from, step, n, out, [](std::uint16_t h) { return bf16_to_float(h); });
        case DType::i64: return load_as<std::int64_t>(from, step, n, out, kSame);
        case DType::i32: return load_as<std::int32_t>(from, step, n, out, kSame);
        case DType::i8: return load_as<std::int8_t>(from, step, n, out, kSame);
        case DType::u8: return load_as<std::uint8_t>(from, step, n, out, kSame);
        case DType::boolean: return load_as<std::uint8_t>(from, step, n, out, [](std::uint8_t b) { return b != 0; });
    }
}

template <class T>
void store_elements(DType dtype, const T* values, std::int64_t n, std::byte* to, std::int64_t step) {
    const auto narrow = [](T x) { return static_cast<float>(x); };
    switch (dtype) {
        case DType::fp32: return store_as<float>(values, n, to, step, narrow);
        case DType::fp64: return store_as<double>(values, n, to, step, kSame);
        case DType::fp16:
            return store_as<std::uint16_t>(values, n, to, step, [=](T x) { return float_to_fp16(narrow(x)); });
        case DType::bf16:
            return store_as<std::uint16_t>(values, n, to, step, [=](T x) { return float_to_bf16(narrow(x)); });
        case DType::i64: return store_as<std::int64_t>(values, n, to, step, to_integer<std::int64_t>);
        case DType::i32: return store_as<std::int32_t>(values, n, to, step, to_integer<std::int32_t>);
        case DType::i8: return store_as<std::int8_t>(values, n, to, step, to_integer<std::int8_t>);
        case DType::u8: return store_as<std::uint8_t>(values, n, to, step, to_integer<std::uint8_t>);
        case DType::boolean:
            return store_as<std::uint8_t>(values, n, to, step,
                                          [](T x) { return static_cast<std::uint8_t>(x != T{0}); });
    }
}

template void load_elements(DType, const std::byte*, std::int64_t, std::int64_t, float*);
template void load_elements(DType, const std::byte*, std::int64_t, std::int64_t, double*);
template void store_elements(DType, const float*, std::int64_t, std::byte*, std::int64_t);
template void store_elements(DType, const double*, std::int64_t, std::byte*, std::int64_t);

void convert_elements(DType from_type, const std::byte* from, DType to_type, std::byte* to, std::int64_t n) {
    if (from_type == to_type) {
        if (n > 0) std::memcpy(to, from, static_cast<std::size_t>(n * dtype_bytes(from_type)));
        return;
    }
    std::array<double, 512> values;
    for (std::int64_t done = 0; done < n; done += static_cast<std::int64_t>(values.size())) {
        const std::int64_t part = std::min<std::int64_t>(n - done, static_cast<std::int64_t>(values.size()));
        load_elements(from_type, from + done * dtype_bytes(from_type), 1, part, values.data());
        store_elements(to_type, values.data(), part, to + done * dtype_bytes(to_type), 1);
    }
}

}  // namespace infsim
