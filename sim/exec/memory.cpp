#include "exec/memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/elements.hpp"
#include "program/runs.hpp"

namespace infsim::exec {

using program::AccessPattern;
using program::DramAccess;
using program::kAccessDims;

Memory::Memory(const program::Program& program) {
    const auto& t = program.target;
    sb_partition_bytes = t.sb_partition_bytes;
    psum_partition_bytes = t.psum_banks * t.psum_bank_bytes;
    state_buffer.resize(static_cast<std::size_t>(t.sb_partitions * sb_partition_bytes));
    psum.resize(static_cast<std::size_t>(t.psum_partitions * psum_partition_bytes));
    for (const auto& segment : program.segments) dram.emplace_back(static_cast<std::size_t>(segment.bytes));
}

bool inside(const Memory& memory, const AccessPattern& p) {
    const std::int64_t row = memory.partition_bytes(p.space);
    const std::int64_t partitions = row > 0 ? static_cast<std::int64_t>(memory.bytes(p.space).size()) / row : 0;
    return p.partition_start + p.partition_count <= partitions && program::end_offset(p) <= row &&
           program::elements(p) > 0 && p.partition_count > 0;
}

bool inside(const Memory& memory, const DramAccess& a) {
    return a.pattern.segment < memory.dram.size() && program::elements(a.pattern) > 0 &&
           program::runs(a).end() <= static_cast<std::int64_t>(memory.dram[a.pattern.segment].size());
}

namespace {

/// An ordered walk with repeats: `inner` elements `inner_step` bytes apart, inside outer dimensions.
struct Walk {
    std::int64_t inner = 1, inner_step = 0;
    std::array<std::int64_t, kAccessDims> count{}, step{};
    int dims = 0;

    Walk(const std::array<std::uint16_t, kAccessDims>& counts, const std::array<std::int64_t, kAccessDims>& steps) {
        for (int d = kAccessDims - 1; d >= 0; --d) add_outer(counts[d], steps[d]);
    }
    void add_outer(std::int64_t n, std::int64_t bytes) {
        if (n == 1) return;
        if (inner == 1) {
            inner = n, inner_step = bytes;
        } else if (dims == 0 && bytes == inner * inner_step) {
            inner *= n;
        } else {
            count[dims] = n, step[dims++] = bytes;
        }
    }
    /// visit(byte offset of the first element of an inner run).
    template <class Visit>
    void for_each(std::int64_t at, Visit&& visit) const {
        walk(dims - 1, at, visit);
    }
    template <class Visit>
    void walk(int d, std::int64_t at, Visit& visit) const {
        if (d < 0) return visit(at);
        for (std::int64_t i = 0; i < count[d]; ++i, at += step[d]) walk(d - 1, at, visit);
    }
};

Walk walk_of(const AccessPattern& p) {
    std::array<std::int64_t, kAccessDims> steps{};
    for (int d = 0; d < kAccessDims; ++d) steps[d] = std::int64_t{p.step[d]} * dtype_bytes(p.dtype);
    return Walk(p.count, steps);
}

Walk walk_of(const program::DramPattern& p) {
    std::array<std::int64_t, kAccessDims> steps{};
    std::copy(p.step.begin(), p.step.end(), steps.begin());
    return Walk(p.count, steps);
}

template <class Pointer>
Pointer row_of(Pointer memory, const AccessPattern& p, int lane, std::int64_t partition_bytes) {
    return memory + (p.partition_start + lane) * partition_bytes;
}

template <int Size>
void copy_sized(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + i * to_step, from + i * from_step, Size);
}

/// Copies n elements of `size` bytes between two byte strides.
void copy_elements(int size, const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step,
                   std::int64_t n) {
    if (n == 1 || (from_step == size && to_step == size)) {
        std::memcpy(to, from, static_cast<std::size_t>(n * size));
        return;
    }
    switch (size) {
        case 1: return copy_sized<1>(from, from_step, to, to_step, n);
        case 2: return copy_sized<2>(from, from_step, to, to_step, n);
        case 4: return copy_sized<4>(from, from_step, to, to_step, n);
        default: return copy_sized<8>(from, from_step, to, to_step, n);
    }
}

}  // namespace

template <class T>
void load(const Memory& memory, const AccessPattern& p, T* out) {
    const Walk w = walk_of(p);
    const std::int64_t step = w.inner_step / dtype_bytes(p.dtype);
    for (int lane = 0; lane < p.partition_count; ++lane) {
        const std::byte* row = row_of(memory.bytes(p.space).data(), p, lane, memory.partition_bytes(p.space));
        w.for_each(p.offset, [&](std::int64_t at) {
            load_elements(p.dtype, row + at, w.inner == 1 ? 1 : step, w.inner, out);
            out += w.inner;
        });
    }
}

template <class T>
void store(Memory& memory, const AccessPattern& p, const T* values) {
    const Walk w = walk_of(p);
    const std::int64_t step = w.inner_step / dtype_bytes(p.dtype);
    for (int lane = 0; lane < p.partition_count; ++lane) {
        std::byte* row = row_of(memory.bytes(p.space).data(), p, lane, memory.partition_bytes(p.space));
        w.for_each(p.offset, [&](std::int64_t at) {
            store_elements(p.dtype, values, w.inner, row + at, w.inner == 1 ? 1 : step);
            values += w.inner;
        });
    }
}

template void load(const Memory&, const AccessPattern&, float*);
template void load(const Memory&, const AccessPattern&, double*);
template void store(Memory&, const AccessPattern&, const float*);
template void store(Memory&, const AccessPattern&, const double*);

void gather(const Memory& memory, const AccessPattern& p, std::byte* out) {
    const Walk w = walk_of(p);
    const int size = dtype_bytes(p.dtype);
    for (int lane = 0; lane < p.partition_count; ++lane) {
        const std::byte* row = row_of(memory.bytes(p.space).data(), p, lane, memory.partition_bytes(p.space));
        w.for_each(p.offset, [&](std::int64_t at) {
            copy_elements(size, row + at, w.inner_step, out, size, w.inner);
            out += w.inner * size;
        });
    }
}

void scatter(Memory& memory, const AccessPattern& p, const std::byte* packed) {
    const Walk w = walk_of(p);
    const int size = dtype_bytes(p.dtype);
    for (int lane = 0; lane < p.partition_count; ++lane) {
        std::byte* row = row_of(memory.bytes(p.space).data(), p, lane, memory.partition_bytes(p.space));
        w.for_each(p.offset, [&](std::int64_t at) {
            copy_elements(size, packed, size, row + at, w.inner_step, w.inner);
            packed += w.inner * size;
        });
    }
}

std::int64_t DramRows::end() const {
    std::int64_t last = element_bytes;
    for (int d = 0; d < kAccessDims; ++d) last += (row.count[d] - 1) * std::int64_t{row.step[d]};
    return starts.empty() ? 0 : *std::max_element(starts.begin(), starts.end()) + last;
}

DramRows rows_of(const DramAccess& access) {
    DramRows rows{access.pattern, access.element_bytes, {}};
    for (std::int64_t r = 0; r < access.rows; ++r) rows.starts.push_back(r * access.pattern.partition_step);
    return rows;
}

void gather(const std::byte* base, const DramRows& rows, std::byte* out) {
    const Walk w = walk_of(rows.row);
    for (std::int64_t start : rows.starts)
        w.for_each(start, [&](std::int64_t at) {
            copy_elements(rows.element_bytes, base + at, w.inner_step, out, rows.element_bytes, w.inner);
            out += w.inner * rows.element_bytes;
        });
}

void scatter(std::byte* base, const DramRows& rows, const std::byte* packed) {
    const Walk w = walk_of(rows.row);
    for (std::int64_t start : rows.starts)
        w.for_each(start, [&](std::int64_t at) {
            copy_elements(rows.element_bytes, packed, rows.element_bytes, base + at, w.inner_step, w.inner);
            packed += w.inner * rows.element_bytes;
        });
}

}  // namespace infsim::exec
