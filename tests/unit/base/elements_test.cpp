#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/elements.hpp"
#include "base/half.hpp"

using namespace infsim;

namespace {

/// The value of a 16-bit pattern by the definition of the format.
double by_definition(std::uint16_t bits, int exponent_bits, int mantissa_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
    const int mantissa = bits & ((1 << mantissa_bits) - 1);
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == (1 << exponent_bits) - 1)
        return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                             : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
    return sign * std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

struct Format {
    int exponent_bits, mantissa_bits;
    float (*widen)(std::uint16_t);
    std::uint16_t (*narrow)(float);
};

/// Every value, and around every midpoint of neighbours: below it, on it (ties to even), above it.
/// Returns the first pattern that goes wrong, or -1.
int first_wrong(const Format& f) {
    const std::uint16_t infinity = static_cast<std::uint16_t>(((1 << f.exponent_bits) - 1) << f.mantissa_bits);
    for (int sign = 0; sign <= 0x8000; sign += 0x8000) {
        for (int m = 0; m <= 0x7FFF; ++m) {
            const auto bits = static_cast<std::uint16_t>(sign | m);
            const float value = f.widen(bits);
            const double expected = by_definition(bits, f.exponent_bits, f.mantissa_bits);
            if (std::isnan(expected)) {
                const std::uint16_t back = f.narrow(value);
                if (!std::isnan(value) || std::isfinite(f.widen(back)) || (back & 0x8000) != sign ||
                    (back & 0x7FFF) <= infinity)
                    return bits;
                continue;
            }
            if (static_cast<double>(value) != expected || std::signbit(value) != (sign != 0)) return bits;
            if (f.narrow(value) != bits) return bits;
            if (m >= infinity) continue;
            // The neighbour above; behind the largest finite value stands 2^(max exponent + 1), where
            // infinity begins.
            const double next = m + 1 == infinity ? std::copysign(std::ldexp(1.0, 1 << (f.exponent_bits - 1)), expected)
                                                  : by_definition(static_cast<std::uint16_t>(bits + 1), f.exponent_bits,
                                                                  f.mantissa_bits);
            const auto middle = static_cast<float>((expected + next) / 2);  // exact: one more bit of mantissa
            const auto even = static_cast<std::uint16_t>((m & 1) != 0 ? bits + 1 : bits);
            if (f.narrow(middle) != even) return bits;
            if (f.narrow(std::nextafterf(middle, 0.0F)) != bits) return bits;
            const float beyond = std::nextafterf(middle, sign != 0 ? -INFINITY : INFINITY);
            if (f.narrow(beyond) != bits + 1) return bits;
        }
    }
    return -1;
}

template <class T>
std::vector<std::byte> stored(DType dtype, const std::vector<T>& values) {
    std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(dtype_bytes(dtype)));
    store_elements(dtype, values.data(), static_cast<std::int64_t>(values.size()), bytes.data(), 1);
    return bytes;
}

template <class Stored, class T>
std::vector<Stored> stored_as(DType dtype, const std::vector<T>& values) {
    const auto bytes = stored(dtype, values);
    std::vector<Stored> out(values.size());
    REQUIRE(bytes.size() == out.size() * sizeof(Stored));
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

}  // namespace

TEST_CASE("fp16 converts exactly in and to nearest even out, for every value and midpoint") {
    CHECK(first_wrong({5, 10, fp16_to_float, float_to_fp16}) == -1);
}

TEST_CASE("bf16 converts exactly in and to nearest even out, for every value and midpoint") {
    CHECK(first_wrong({8, 7, bf16_to_float, float_to_bf16}) == -1);
}

TEST_CASE("fp16 overflows to infinity at 65520 and not before") {
    CHECK(float_to_fp16(65519.996F) == 0x7BFF);
    CHECK(float_to_fp16(65520.0F) == 0x7C00);
    CHECK(float_to_fp16(-1e30F) == 0xFC00);
    CHECK(float_to_fp16(INFINITY) == 0x7C00);
    CHECK(float_to_fp16(1e-30F) == 0);
}

TEST_CASE("integers are stored truncated and saturated") {
    const double nan = std::nan("");
    CHECK(stored_as<std::int32_t>(DType::i32, std::vector<double>{1.9, -1.9, 3e9, -3e9, nan}) ==
          std::vector<std::int32_t>{1, -1, 2147483647, -2147483647 - 1, 0});
    CHECK(stored_as<std::uint8_t>(DType::u8, std::vector<float>{255.9F, 256.0F, -1.0F, 7.0F}) ==
          std::vector<std::uint8_t>{255, 255, 0, 7});
    CHECK(stored_as<std::int8_t>(DType::i8, std::vector<float>{-128.5F, -129.0F, 127.0F, 128.0F}) ==
          std::vector<std::int8_t>{-128, -128, 127, 127});
    CHECK(stored_as<std::int64_t>(DType::i64, std::vector<double>{9.3e18, -9.3e18, 4503599627370497.0}) ==
          std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                                    4503599627370497});
    CHECK(stored_as<std::uint8_t>(DType::boolean, std::vector<float>{0.0F, -0.0F, 0.5F, -3.0F}) ==
          std::vector<std::uint8_t>{0, 0, 1, 1});
}

TEST_CASE("elements are read and written with a stride, the bytes between untouched") {
    std::vector<std::byte> bytes(12, std::byte{0xEE});
    const std::vector<float> values{1.0F, -2.0F};
    store_elements(DType::fp16, values.data(), 2, bytes.data() + 2, 3);
    CHECK(bytes[0] == std::byte{0xEE});
    CHECK(bytes[4] == std::byte{0xEE});
    CHECK(bytes[10] == std::byte{0xEE});
    std::vector<double> back(2);
    load_elements(DType::fp16, bytes.data() + 2, 3, 2, back.data());
    CHECK(back == std::vector<double>{1.0, -2.0});
}

TEST_CASE("conversion of equal types keeps every bit, others go by value") {
    const std::int64_t big = (std::int64_t{1} << 60) + 1;
    std::int64_t same = 0;
    convert_elements(DType::i64, reinterpret_cast<const std::byte*>(&big), DType::i64,
                     reinterpret_cast<std::byte*>(&same), 1);
    CHECK(same == big);
    std::vector<std::int32_t> many(1000);
    for (int i = 0; i < 1000; ++i) many[static_cast<std::size_t>(i)] = 3 * i - 1500;
    std::vector<double> out(1000);
    convert_elements(DType::i32, reinterpret_cast<const std::byte*>(many.data()), DType::fp64,
                     reinterpret_cast<std::byte*>(out.data()), 1000);
    CHECK(out[0] == -1500.0);
    CHECK(out[999] == 1497.0);  // beyond one block of the conversion
}
