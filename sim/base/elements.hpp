// Conversion of stored elements of any DType to and from float and double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/dtype.hpp"

namespace infsim {

/// Reads `n` elements of type `dtype` that lie `step` elements apart, starting at `from`, into out[0..n).
/// T is float or double. Exact, except fp64, i32 and i64 to float (rounded to nearest even) and i64 to
/// double. A boolean reads as 0 or 1. No alignment is required.
template <class T>
void load_elements(DType dtype, const std::byte* from, std::int64_t step, std::int64_t n, T* out);

/// Writes values[0..n) as `n` elements of type `dtype`, `step` elements apart, starting at `to`.
/// Floating-point types round to nearest even (a double to a 16-bit type goes over fp32); integers truncate
/// towards zero and saturate, NaN becomes 0; a boolean is true if the value is not 0.
template <class T>
void store_elements(DType dtype, const T* values, std::int64_t n, std::byte* to, std::int64_t step);

/// Copies `n` packed elements from one type to another: bit for bit if the types are equal, otherwise
/// through double, so every value except a large i64 is kept as far as the target can represent it.
void convert_elements(DType from_type, const std::byte* from, DType to_type, std::byte* to, std::int64_t n);

}  // namespace infsim
