// Access patterns as runs of adjacent bytes, and Programs as a serial list of instructions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "program/operands.hpp"

namespace infsim::program {

/// The bytes of a pattern as runs: `run` bytes at `base + sum(i_d * step[d])` for all i_d < count[d]. Repeats
/// (steps of 0) are dropped and contiguous dimensions are merged, so that a whole tensor is
/// one run.
struct Runs {
    static constexpr int kMaxDims = kAccessDims + 1;
    std::int64_t base = 0, run = 0;
    std::array<std::int64_t, kMaxDims> count{}, step{};
    int dims = 0;

    /// Adds the next dimension outwards; `step_bytes` is not negative.
    void add_outer(std::int64_t n, std::int64_t step_bytes) {
        if (n == 1 || step_bytes == 0) return;
        if (dims == 0 && step_bytes == run) {
            run *= n;
        } else if (dims > 0 && step_bytes == count[dims - 1] * step[dims - 1]) {
            count[dims - 1] *= n;
        } else {
            count[dims] = n;
            step[dims++] = step_bytes;
        }
    }

    /// One past the last byte.
    std::int64_t end() const {
        std::int64_t last = base + run;
        for (int d = 0; d < dims; ++d) last += (count[d] - 1) * step[d];
        return last;
    }

    /// visit(begin, end) for every run.
    template <class Visit>
    void for_each(Visit&& visit) const {
        walk(dims - 1, base, visit);
    }

private:
    template <class Visit>
    void walk(int d, std::int64_t at, Visit& visit) const {
        if (d < 0) return visit(at, at + run);
        for (std::int64_t i = 0; i < count[d]; ++i, at += step[d]) walk(d - 1, at, visit);
    }
};

/// Bytes within each partition of the pattern.
inline Runs runs(const AccessPattern& p) {
    Runs r;
    r.base = p.offset;
    r.run = dtype_bytes(p.dtype);
    for (int d = kAccessDims - 1; d >= 0; --d) r.add_outer(p.count[d], std::int64_t{p.step[d]} * dtype_bytes(p.dtype));
    return r;
}

/// Bytes within the segment.
inline Runs runs(const DramAccess& a) {
    Runs r;
    r.base = a.pattern.offset;
    r.run = a.element_bytes;
    for (int d = kAccessDims - 1; d >= 0; --d) r.add_outer(a.pattern.count[d], a.pattern.step[d]);
    r.add_outer(a.rows, a.pattern.partition_step);
    return r;
}

/// All instructions by ascending `sequence` (ties by queue, then index): a valid serial execution of a
/// correct Program.
inline std::vector<InstructionId> serial_order(const Program& p) {
    struct Key {
        std::uint32_t sequence;
        InstructionId id;
    };
    std::vector<Key> keys;
    keys.reserve(instruction_count(p));
    for (std::size_t q = 0; q < p.queues.size(); ++q)
        for (std::size_t i = 0; i < p.queues[q].instructions.size(); ++i)
            keys.push_back(
                {p.queues[q].instructions[i].sequence, {static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(i)}});
    std::stable_sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.sequence < b.sequence; });
    std::vector<InstructionId> order(keys.size());
    std::transform(keys.begin(), keys.end(), order.begin(), [](const Key& k) { return k.id; });
    return order;
}

}  // namespace infsim::program
