#include "tensorio/array.hpp"

#include "base/check.hpp"
#include "base/elements.hpp"
#include "base/text.hpp"

namespace infsim::tensorio {

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
    std::int64_t n = 1;
    for (std::int64_t d : shape) n *= d;
    return n;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::vector<std::string> parts;
    for (std::int64_t d : shape) parts.push_back(number_text(d));
    return "[" + join(parts, ",") + "]";
}

std::vector<float> to_floats(const Array& array) {
    const std::int64_t n = element_count(array.shape);
    INFSIM_CHECK(static_cast<std::int64_t>(array.bytes.size()) == n * dtype_bytes(array.dtype),
                 "an array's bytes do not match its shape");
    std::vector<float> values(static_cast<std::size_t>(n));
    load_elements(array.dtype, array.bytes.data(), 1, n, values.data());
    return values;
}

Array from_floats(DType dtype, std::vector<std::int64_t> shape, const std::vector<float>& values) {
    const auto n = static_cast<std::int64_t>(values.size());
    INFSIM_CHECK(element_count(shape) == n, "an array's values do not match its shape");
    Array array{dtype, std::move(shape),
                std::vector<std::byte>(values.size() * static_cast<std::size_t>(dtype_bytes(dtype)))};
    store_elements(dtype, values.data(), n, array.bytes.data(), 1);
    return array;
}

Array converted(const Array& array, DType dtype) {
    const std::int64_t n = element_count(array.shape);
    INFSIM_CHECK(static_cast<std::int64_t>(array.bytes.size()) == n * dtype_bytes(array.dtype),
                 "an array's bytes do not match its shape");
    Array out{dtype, array.shape, std::vector<std::byte>(static_cast<std::size_t>(n * dtype_bytes(dtype)))};
    convert_elements(array.dtype, array.bytes.data(), dtype, out.bytes.data(), n);
    return out;
}

}  // namespace infsim::tensorio
