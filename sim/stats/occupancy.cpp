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
    int partition = 0;  ///< the fullest one
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
        const auto* fullest = std::max_element(partitions.begin(), partitions.end());
        const Step step{change.sequence, *fullest, static_cast<int>(fullest - partitions.begin())};
        if (!steps.empty() && steps.back().sequence == change.sequence) steps.back() = step;
        else steps.push_back(step);
    }
    return steps;
}

struct LayerRange {
    std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), last = 0;
};

/// First and last sequence number on PE, ACT and POOL: a prefetched load does not start a layer.
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

/// The step with the most bytes between the first and last instruction of a layer; null if there is none.
const Step* fullest_step(const std::vector<Step>& steps, const LayerRange& range) {
    const Step* most = nullptr;
    auto it = std::upper_bound(steps.begin(), steps.end(), range.first,
                               [](std::uint64_t sequence, const Step& s) { return sequence < s.sequence; });
    if (it != steps.begin()) --it;  // the step in effect at `first`
    for (; it != steps.end() && it->sequence <= range.last; ++it)
        if (!most || it->bytes > most->bytes) most = &*it;
    return most;
}

/// Contents of the step's partition, as seen at `now`: a step may begin before the layer.
Held held_at(const Program& program, const std::vector<LayerRange>& ranges, const Step& step, std::uint64_t now) {
    Held held;
    for (const Allocation& a : program.allocations) {
        if (a.space != program::Space::state_buffer) continue;
        if (step.partition < a.partition_start || step.partition >= a.partition_start + a.partition_count) continue;
        if (a.first_sequence > step.sequence || a.last_sequence < step.sequence) continue;
        if (a.purpose == program::Purpose::weights)
            (ranges.at(a.layer).first > now ? held.weights_prefetched : held.weights_in_use) += a.bytes;
        else if (a.purpose == program::Purpose::constants) held.constants += a.bytes;
        else if (program.layers.at(a.layer).kind == "replicate") held.replicated += a.bytes;
        else held.activations += a.bytes;
    }
    return held;
}

}  // namespace

Occupancy occupancy(const Program& program) {
    const std::vector<Step> steps = steps_of(program);
    Occupancy result;
    for (const Step& s : steps) result.peak_bytes = std::max(result.peak_bytes, s.bytes);
    const auto ranges = ranges_of(program);
    for (const LayerRange& range : ranges) {
        const Step* step = range.first <= range.last ? fullest_step(steps, range) : nullptr;
        result.layers.push_back(step ? held_at(program, ranges, *step, std::max(step->sequence, range.first)) : Held{});
    }
    return result;
}

}  // namespace infsim::stats
