// The 16-bit floating-point formats as bits. No table and no branch per value, so that loops over them
// vectorise.
#pragma once

#include <cstdint>
#include <cstring>

namespace infsim {

inline float float_of_bits(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
inline std::uint32_t bits_of_float(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// IEEE 754 binary16 to fp32, exact; a NaN keeps sign and payload.
inline float fp16_to_float(std::uint16_t half) {
    const std::uint32_t magnitude = half & 0x7FFFU;
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
    const std::uint32_t shifted = magnitude << 13;
    const std::uint32_t normal = shifted + (112U << 23);  // rebias 15 -> 127
    const std::uint32_t special = shifted | 0x7F800000U;  // infinity and NaN
    // A subnormal is mantissa * 2^-24: 2^-14 * 1.mantissa - 2^-14, which needs no subnormal arithmetic.
    const std::uint32_t subnormal = bits_of_float(float_of_bits(shifted + (113U << 23)) - float_of_bits(113U << 23));
    const std::uint32_t bits = magnitude < 0x0400U ? subnormal : magnitude >= 0x7C00U ? special : normal;
    return float_of_bits(bits | sign);
}

/// fp32 to binary16, round to nearest even; beyond 65519.99 infinity, NaN to a quiet NaN of the same sign.
inline std::uint16_t float_to_fp16(float value) {
    const std::uint32_t bits = bits_of_float(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    // Adding 0.5 aligns a subnormal's mantissa with the float's last bits; the addition itself rounds.
    const std::uint32_t subnormal = bits_of_float(float_of_bits(magnitude) + 0.5F) - bits_of_float(0.5F);
    const std::uint32_t odd = (magnitude >> 13) & 1U;
    const std::uint32_t normal = (magnitude - (112U << 23) + 0x0FFFU + odd) >> 13;
    const std::uint32_t special = magnitude > 0x7F800000U ? 0x7E00U : 0x7C00U;
    const std::uint32_t half = magnitude >= 0x47800000U ? special : magnitude < 0x38800000U ? subnormal : normal;
    return static_cast<std::uint16_t>(half | sign);
}

/// bfloat16 (the upper half of an fp32) to fp32, exact.
inline float bf16_to_float(std::uint16_t half) { return float_of_bits(static_cast<std::uint32_t>(half) << 16); }

/// fp32 to bfloat16, round to nearest even; NaN to a quiet NaN of the same sign.
inline std::uint16_t float_to_bf16(float value) {
    const std::uint32_t bits = bits_of_float(value);
    const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
    const std::uint32_t nan = ((bits >> 16) & 0x8000U) | 0x7FC0U;
    return static_cast<std::uint16_t>((bits & 0x7FFFFFFFU) > 0x7F800000U ? nan : rounded);
}

}  // namespace infsim
