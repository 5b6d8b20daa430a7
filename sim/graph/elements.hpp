// Converts raw little-endian elements to numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "base/elements.hpp"

namespace infsim::graph {

/// Decodes `bytes` (a whole number of elements of `dtype`). 64-bit integers beyond +-2^53 lose their last
/// bits.
inline std::vector<double> decode_elements(std::string_view bytes, DType dtype) {
    const auto size = static_cast<std::size_t>(dtype_bytes(dtype));
    INFSIM_CHECK(bytes.size() % size == 0, "half an element of raw data");
    std::vector<double> out(bytes.size() / size);
    load_elements(dtype, reinterpret_cast<const std::byte*>(bytes.data()), 1, static_cast<std::int64_t>(out.size()),
                  out.data());
    return out;
}

/// The largest extent, index or other integer that a model may have; products of two fit in 64 bits.
constexpr std::int64_t kMostExtent = std::int64_t{1} << 31;

/// `x` truncated to an integer within +-kMostExtent (exporters write the end of a slice as the largest 64-bit
/// integer); 0 for NaN.
inline std::int64_t bounded_integer(double x) {
    constexpr auto most = static_cast<double>(kMostExtent);
    return x != x ? 0 : static_cast<std::int64_t>(std::clamp(x, -most, most));
}

}  // namespace infsim::graph
