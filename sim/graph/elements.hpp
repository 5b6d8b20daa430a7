// Raw little-endian elements to numbers.
#pragma once

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
    load_elements(dtype, reinterpret_cast<const std::byte*>(bytes.data()), 1,
                  static_cast<std::int64_t>(out.size()), out.data());
    return out;
}

}  // namespace infsim::graph
