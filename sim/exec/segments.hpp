// Conversion of tensors to and from DRAM segments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exec/memory.hpp"
#include "program/program.hpp"

namespace infsim::exec {

/// Values of one graph tensor, row-major, as fp32.
struct FloatSpan {
    const float* data = nullptr;
    std::int64_t size = 0;
};

/// The contents of a weights or constants segment from its recipe: tensors[i] holds the values of
/// segment.tensors[i]. Elements are rounded to the segment's dtype; bytes that no box covers are zero. A box
/// that reaches outside the segment or its tensor fails an INFSIM_CHECK.
std::vector<std::byte> fill_segment(const program::Segment& segment, const std::vector<FloatSpan>& tensors);

/// `values`, `count` packed elements of `dtype` ([B x item], row-major), as the bytes of an input segment.
/// The count must match the segment.
std::vector<std::byte> fill_input(const program::Segment& segment, DType dtype, const std::byte* values,
                                  std::int64_t count);

/// Elements a segment holds: for input and output segments B x item.
std::int64_t element_count(const program::Segment& segment);

/// An output segment's bytes as packed elements of `dtype` ([B x item], row-major).
std::vector<std::byte> read_output(const program::Segment& segment, const std::vector<std::byte>& bytes, DType dtype);

}  // namespace infsim::exec
