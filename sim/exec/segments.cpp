#include "exec/segments.hpp"

#include "base/check.hpp"
#include "base/elements.hpp"

namespace infsim::exec {

using program::RecipeBox;
using program::Segment;

namespace {

constexpr int kBoxDims = 6;

/// Lowest and highest value of sum(i_d * step[d]) + start; steps may be negative.
struct Range {
    std::int64_t low, high;
};
Range range(std::int64_t start, const std::array<std::int64_t, kBoxDims>& count,
            const std::array<std::int64_t, kBoxDims>& step) {
    Range r{start, start};
    for (int d = 0; d < kBoxDims; ++d) (step[d] < 0 ? r.low : r.high) += (count[d] - 1) * step[d];
    return r;
}

void check_box(const Segment& segment, const RecipeBox& box, const std::vector<FloatSpan>& tensors) {
    for (std::int64_t c : box.count) INFSIM_CHECK(c > 0, "empty recipe box in segment " + segment.name);
    const Range to = range(box.segment_offset, box.count, box.segment_step);
    INFSIM_CHECK(to.low >= 0 && to.high + dtype_bytes(segment.dtype) <= segment.bytes,
                 "recipe box outside segment " + segment.name);
    if (box.tensor == program::kLiteral) return;
    INFSIM_CHECK(box.tensor < tensors.size(), "recipe of segment " + segment.name + " names a missing tensor");
    const Range from = range(box.tensor_offset, box.count, box.tensor_step);
    INFSIM_CHECK(from.low >= 0 && from.high < tensors[box.tensor].size,
                 "recipe box of segment " + segment.name + " outside its tensor");
}

/// One box, dimension by dimension; the innermost is a separate loop over gathered values.
struct Filler {
    const Segment& segment;
    const RecipeBox& box;
    const float* source;  ///< null for a literal
    std::byte* out;
    std::vector<float> values;

    void walk(int d, std::int64_t to, std::int64_t from) {
        if (d == kBoxDims - 1) return innermost(to, from);
        for (std::int64_t i = 0; i < box.count[d]; ++i)
            walk(d + 1, to + i * box.segment_step[d], from + i * box.tensor_step[d]);
    }
    void innermost(std::int64_t to, std::int64_t from) {
        constexpr int d = kBoxDims - 1;
        const int size = dtype_bytes(segment.dtype);
        const std::int64_t n = box.count[d];
        values.resize(static_cast<std::size_t>(n));
        for (std::int64_t i = 0; i < n; ++i) values[i] = source ? source[from + i * box.tensor_step[d]] : box.literal;
        if (n == 1 || box.segment_step[d] % size == 0) {
            store_elements(segment.dtype, values.data(), n, out + to, n == 1 ? 1 : box.segment_step[d] / size);
        } else {
            for (std::int64_t i = 0; i < n; ++i)
                store_elements(segment.dtype, &values[i], 1, out + to + i * box.segment_step[d], 1);
        }
    }
};

}  // namespace

std::vector<std::byte> fill_segment(const Segment& segment, const std::vector<FloatSpan>& tensors) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(segment.bytes));
    for (const RecipeBox& box : segment.recipe) {
        check_box(segment, box, tensors);
        const float* source = box.tensor == program::kLiteral ? nullptr : tensors[box.tensor].data;
        Filler{segment, box, source, bytes.data(), {}}.walk(0, box.segment_offset, box.tensor_offset);
    }
    return bytes;
}

std::int64_t element_count(const Segment& segment) { return segment.bytes / dtype_bytes(segment.dtype); }

std::vector<std::byte> fill_input(const Segment& segment, DType dtype, const std::byte* values, std::int64_t count) {
    INFSIM_CHECK(count == element_count(segment), "input " + segment.name + " has the wrong number of elements");
    std::vector<std::byte> bytes(static_cast<std::size_t>(segment.bytes));
    convert_elements(dtype, values, segment.dtype, bytes.data(), count);
    return bytes;
}

std::vector<std::byte> read_output(const Segment& segment, const std::vector<std::byte>& bytes, DType dtype) {
    INFSIM_CHECK(static_cast<std::int64_t>(bytes.size()) == segment.bytes,
                 "segment " + segment.name + " has the wrong size");
    std::vector<std::byte> out(static_cast<std::size_t>(element_count(segment) * dtype_bytes(dtype)));
    convert_elements(segment.dtype, bytes.data(), dtype, out.data(), element_count(segment));
    return out;
}

}  // namespace infsim::exec
