// The values of a tensor outside a graph, as in files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/dtype.hpp"

namespace infsim::tensorio {

/// Row-major (C order), packed, little-endian. `bytes` has size element_count(shape) * dtype_bytes(dtype).
struct Array {
    DType dtype = DType::fp32;
    std::vector<std::int64_t> shape;  ///< empty for a scalar
    std::vector<std::byte> bytes;
};

struct NamedArray {
    std::string name;
    Array array;
};

/// Product of the dimensions; 1 for a scalar.
std::int64_t element_count(const std::vector<std::int64_t>& shape);

/// "[2,3,224,224]".
std::string shape_text(const std::vector<std::int64_t>& shape);

/// The values as fp32: exact for 16-bit types and small integers, otherwise rounded to nearest even.
std::vector<float> to_floats(const Array& array);

/// An array of `dtype` from values, rounded like store_elements. The count must match the shape.
Array from_floats(DType dtype, std::vector<std::int64_t> shape, const std::vector<float>& values);

/// The same values with another element type.
Array converted(const Array& array, DType dtype);

}  // namespace infsim::tensorio
