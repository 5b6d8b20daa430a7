#include "stats/occupancy.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace infsim::stats {

namespace {

using program::Allocation;
using program::Program;

/// Bytes of the fullest partition from `sequence` on, until the next step.
struct Step {
    std::uint64_t sequence = 0;
    std::int64_t bytes = 0;
};

std::vector<Step> steps_of(const Program& program) {
    struct Change {
        std::uint64_t sequence;
        const Allocation* allocation;
        int sign;
    };
    std::vector<Change> changes;
    for (const Allocation& a : program.allocations) {
        if (a.space != program::Space::state_buffer) continue;
        changes.push_back({a.first_sequence, &a, +1});
        changes.push_back({std::uint64_t{a.last_sequence} + 1, &a, -1});
    }
    std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
        return a.sequence != b.sequence ? a.sequence < b.sequence : a.sign < b.sign;
    });
    std::array<std::int64_t, 256> partitions{};
    std::vector<Step> steps;
    for (const Change& change : changes) {
        const Allocation& a = *change.allocation;
        for (int p = a.partition_start; p < a.partition_start + a.partition_count; ++p)
            partitions[static_cast<std::size_t>(p)] += change.sign * static_cast<std::int64_t>(a.bytes);
        const std::int64_t fullest = *std::max_element(partitions.begin(), partitions.end());
        if (!steps.empty() && steps.back().sequence == change.sequence) steps.back().bytes = fullest;
        else steps.push_back({change.sequence, fullest});
    }
    return steps;
}

struct LayerRange {
    std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), last = 0;
};

/// First and last sequence number on PE, ACT and POOL: prefetched loads do not make a layer run.
std::vector<LayerRange> ranges_of(const Program& program) {
    std::vector<LayerRange> ranges(program.layers.size());
    for (const program::Queue& queue : program.queues) {
        if (queue.engine == program::Engine::dma) continue;
        for (const program::Instruction& i : queue.instructions) {
            LayerRange& r = ranges.at(i.layer);
            r.first = std::min<std::uint64_t>(r.first, i.sequence);
            r.last = std::max<std::uint64_t>(r.last, i.sequence);
        }
    }
    return ranges;
}

}  // namespace

Occupancy occupancy(const Program& program) {
    const std::vector<Step> steps = steps_of(program);
    Occupancy result;
    for (const Step& s : steps) result.peak_bytes = std::max(result.peak_bytes, s.bytes);
    for (const LayerRange& range : ranges_of(program)) {
        std::int64_t most = 0;
        auto it = std::upper_bound(steps.begin(), steps.end(), range.first,
                                   [](std::uint64_t sequence, const Step& s) { return sequence < s.sequence; });
        if (it != steps.begin()) --it;  // the step that holds at `first`
        for (; it != steps.end() && it->sequence <= range.last; ++it) most = std::max(most, it->bytes);
        result.layer_bytes.push_back(range.first <= range.last ? most : 0);
    }
    return result;
}

}  // namespace infsim::stats
