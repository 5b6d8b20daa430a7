// Partitions that no operand distinguishes.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include "program/runs.hpp"

namespace infsim::program {

/// Every operand and allocation covers a range of partitions and does the same in all of them. Partitions
/// between two adjacent range ends therefore have the same history, and one of them can represent all: a few
/// classes instead of 128 partitions, and still exact.
class PartitionClasses {
public:
    PartitionClasses(const Program& program, Space space) {
        std::bitset<kMostPartitions + 1> cut;
        cut.set(0);
        const auto add = [&](int start, int count) { cut.set(clamped(start)), cut.set(clamped(start + count)); };
        for (const Queue& q : program.queues)
            for (const Instruction& i : q.instructions)
                for (const OnChipAccess& access : accesses(i.op))
                    if (access.pattern.space == space)
                        add(access.pattern.partition_start, access.pattern.partition_count);
        for (const DmaLoad& load : program.static_loads)
            if (load.dst.space == space) add(load.dst.partition_start, load.dst.partition_count);
        for (const Allocation& a : program.allocations)
            if (a.space == space) add(a.partition_start, a.partition_count);
        int current = -1;
        for (int p = 0; p < kMostPartitions; ++p) {
            if (cut[p]) first_partition_[++current] = static_cast<std::uint16_t>(p);
            class_of_[p] = static_cast<std::uint16_t>(current);
        }
        size_ = current + 1;
    }

    int size() const { return size_; }
    /// Classes first(...) to last(...) together are the partitions [start, start + count); count > 0.
    int first(int start) const { return class_of_[clamped(start + 1) - 1]; }
    int last(int start, int count) const { return class_of_[clamped(start + count) - 1]; }
    /// The lowest partition of a class, for messages.
    int partition(int index) const { return first_partition_[index]; }

private:
    /// Wrong operands may be beyond the last possible partition.
    static int clamped(int partition) { return std::min(kMostPartitions, partition); }

    std::array<std::uint16_t, kMostPartitions> class_of_{}, first_partition_{};
    int size_ = 0;
};

}  // namespace infsim::program
