#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "program/verify_parts.hpp"

namespace infsim::program {
namespace {

void verify_target(const Program& program, Findings& findings) {
    const Target& t = program.target;
    const auto positive = [&](std::int64_t value, const char* what) {
        if (value <= 0) findings.add(FindingKind::target, fmt::format("{} is {}, not positive", what, value));
    };
    positive(t.pe_rows, "pe_rows"), positive(t.pe_columns, "pe_columns"), positive(t.max_moving, "max_moving");
    positive(t.sb_partitions, "sb_partitions"), positive(t.sb_partition_bytes, "sb_partition_bytes");
    positive(t.psum_partitions, "psum_partitions"), positive(t.psum_banks, "psum_banks");
    positive(t.psum_bank_bytes, "psum_bank_bytes"), positive(t.dma_engines, "dma_engines");
    positive(t.rings_per_engine, "rings_per_engine"), positive(t.max_queues, "max_queues");
    positive(t.dram_regions, "dram_regions"), positive(t.dram_region_bytes, "dram_region_bytes");
    positive(program.batch, "batch");
    if (t.sb_partitions > kMostPartitions || t.psum_partitions > kMostPartitions)
        findings.add(FindingKind::target, fmt::format("more than {} partitions", kMostPartitions));
}

/// Lowest and highest of start + sum(i_d * step[d]); steps may be negative.
std::pair<std::int64_t, std::int64_t> range(std::int64_t start, const std::array<std::int64_t, 6>& count,
                                            const std::array<std::int64_t, 6>& step) {
    std::pair<std::int64_t, std::int64_t> r{start, start};
    for (std::size_t d = 0; d < count.size(); ++d) (step[d] < 0 ? r.first : r.second) += (count[d] - 1) * step[d];
    return r;
}

void verify_recipe(const Segment& s, Findings& findings) {
    const bool takes_recipe = s.purpose == Purpose::weights || s.purpose == Purpose::constants;
    if (!takes_recipe && !s.recipe.empty())
        findings.add(FindingKind::segment, fmt::format("'{}' is filled by the run but has a recipe", s.name));
    for (const RecipeBox& box : s.recipe) {
        if (std::any_of(box.count.begin(), box.count.end(), [](std::int64_t c) { return c < 1; }))
            findings.add(FindingKind::segment, fmt::format("'{}' has an empty recipe box", s.name));
        const auto [low, high] = range(box.segment_offset, box.count, box.segment_step);
        if (low < 0 || high + dtype_bytes(s.dtype) > s.bytes)
            findings.add(FindingKind::segment, fmt::format("'{}' has a recipe box over bytes [{}, {}) of {}", s.name,
                                                           low, high + dtype_bytes(s.dtype), s.bytes));
        if (box.tensor == kLiteral) continue;
        if (box.tensor >= s.tensors.size())
            findings.add(FindingKind::segment, fmt::format("'{}' has a recipe box of tensor {}", s.name, box.tensor));
        if (range(box.tensor_offset, box.count, box.tensor_step).first < 0)
            findings.add(FindingKind::segment, fmt::format("'{}' has a recipe box before its tensor", s.name));
    }
}

void verify_segments(const Program& program, Findings& findings) {
    std::vector<const Segment*> sorted;
    for (const Segment& s : program.segments) {
        const bool inside = s.region < program.target.dram_regions && s.address >= 0 && s.bytes > 0 &&
                            s.bytes <= program.target.dram_region_bytes - s.address;
        if (!inside)
            findings.add(FindingKind::segment, fmt::format("'{}' at {}+{} of region {} leaves the core's DRAM", s.name,
                                                           s.address, s.bytes, s.region));
        const bool io = s.purpose == Purpose::input || s.purpose == Purpose::output;
        if (io && s.tensors.size() != 1)
            findings.add(FindingKind::segment,
                         fmt::format("'{}' serves {} graph tensors, not one", s.name, s.tensors.size()));
        if (io && program.batch > 0 && s.bytes % (std::int64_t{program.batch} * dtype_bytes(s.dtype)) != 0)
            findings.add(FindingKind::segment,
                         fmt::format("'{}' of {} bytes does not hold {} images", s.name, s.bytes, program.batch));
        verify_recipe(s, findings);
        sorted.push_back(&s);
    }
    std::sort(sorted.begin(), sorted.end(), [](const Segment* a, const Segment* b) {
        return std::tie(a->region, a->address) < std::tie(b->region, b->address);
    });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const Segment &a = *sorted[i - 1], &b = *sorted[i];
        if (a.region == b.region && a.address + a.bytes > b.address)
            findings.add(FindingKind::segment,
                         fmt::format("'{}' and '{}' overlap in region {}", a.name, b.name, a.region));
    }
}

void verify_queues(const Program& program, Findings& findings) {
    const Target& t = program.target;
    if (static_cast<int>(program.queues.size()) > t.max_queues || program.queues.size() >= kNoQueue)
        findings.add(FindingKind::queue, fmt::format("{} queues of {}", program.queues.size(), t.max_queues));
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        const Queue& queue = program.queues[q];
        const bool exists = queue.engine == Engine::dma
                                ? queue.engine_index < t.dma_engines && queue.ring < t.rings_per_engine
                                : queue.engine_index == 0 && queue.ring == 0;
        if (!exists)
            findings.add(FindingKind::queue, fmt::format("q{} is ring {} of engine {}, which the target does not have",
                                                         q, queue.ring, queue.engine_index));
        for (std::size_t other = 0; other < q; ++other) {
            const Queue& o = program.queues[other];
            if (std::tie(o.engine, o.engine_index, o.ring) == std::tie(queue.engine, queue.engine_index, queue.ring))
                findings.add(FindingKind::queue, fmt::format("q{} and q{} are the same engine and ring", other, q));
        }
    }
}

}  // namespace

void verify_frame(const Program& program, Findings& findings) {
    verify_target(program, findings);
    verify_segments(program, findings);
    verify_queues(program, findings);
}

}  // namespace infsim::program
