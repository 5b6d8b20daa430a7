#include "compiler/search/estimate.hpp"

#include <algorithm>

#include "cost/cost.hpp"
#include "hw/derived.hpp"
#include "program/runs.hpp"

namespace infsim::compiler {

namespace {

using Picoseconds = std::int64_t;

/// A channel whose bytes are given out stretch of time by stretch of time, to whoever asks first.
class SharedChannel {
public:
    explicit SharedChannel(double bytes_per_second) : capacity_(std::max(1.0, bytes_per_second * kStretch * 1e-12)) {}

    /// When `bytes` that start at `from` have passed.
    Picoseconds pass(Picoseconds from, double bytes) {
        std::size_t at = first_free(static_cast<std::size_t>(static_cast<double>(from) / kStretch));
        while (true) {
            const double start = std::max(static_cast<double>(at) * kStretch, static_cast<double>(from));
            const double until = static_cast<double>(at + 1) * kStretch;
            const double usable = std::min(free_[at], (until - start) / kStretch * capacity_);
            if (bytes <= usable) {
                free_[at] -= bytes;
                // Others may have taken the early part of the stretch.
                return static_cast<Picoseconds>(
                    std::max(start + bytes / capacity_ * kStretch, until - free_[at] / capacity_ * kStretch));
            }
            bytes -= usable;
            free_[at] -= usable;
            if (free_[at] <= 0) next_[at] = at + 1;
            at = first_free(at + 1);
        }
    }

private:
    static constexpr double kStretch = 2e6;  ///< picoseconds
    double capacity_;
    std::vector<double> free_;
    std::vector<std::size_t> next_;  ///< itself where bytes are left, otherwise a later one

    std::size_t first_free(std::size_t at) {
        while (true) {
            while (free_.size() <= at + 1) {
                next_.push_back(free_.size());
                free_.push_back(capacity_);
            }
            if (next_[at] == at) return at;
            next_[at] = next_[next_[at]];
            at = next_[at];
        }
    }
};

struct Queue {
    Picoseconds free = 0;
    std::vector<Picoseconds> retired;  ///< by instruction, ascending: a queue retires in order
    bool previous_was_matmul = false;
};

}  // namespace

Estimate estimate(const program::Program& program, const hw::ChipSpec& spec, int cores) {
    const double share = static_cast<double>(hw::sustained_dram_bandwidth(spec).count()) / cores;
    SharedChannel channel(std::min(share, static_cast<double>(hw::single_core_bandwidth(spec).count())));
    std::vector<SharedChannel> engines(static_cast<std::size_t>(spec.dma.engines_per_core),
                                       SharedChannel(static_cast<double>(spec.dma.engine_bandwidth.count())));
    std::vector<Queue> queues(program.queues.size());
    Estimate result;
    result.pe_by_layer.assign(program.layers.size(), Duration{});
    Picoseconds end = 0;
    for (const program::InstructionId id : program::serial_order(program)) {
        const program::Instruction& in = program::at(program, id);
        Queue& queue = queues[id.queue];
        Picoseconds issue = queue.free;
        for (int w = 0; w < in.waits.size(); ++w)
            if (in.waits[w].count > 0)
                issue = std::max(issue, queues[in.waits[w].queue].retired[in.waits[w].count - 1]);
        Picoseconds done = issue;
        const Picoseconds before = queue.retired.empty() ? 0 : queue.retired.back();
        if (cost::is_dma(in)) {
            const cost::DmaDemand demand = cost::dma_demand(spec, in);
            const Picoseconds start = issue + spec.dma.start_latency.count();
            const auto at = static_cast<std::size_t>(program.queues[id.queue].engine_index);
            const Picoseconds engine = engines[at].pass(start, static_cast<double>(demand.billed.count()));
            done = demand.dram.count() > 0
                       ? std::max(engine, channel.pass(start, static_cast<double>(demand.dram.count()))) +
                             spec.dram.latency.count()
                       : engine;
            done += spec.dma.completion_latency.count();
            queue.free =
                std::max(issue, done - spec.dma.start_latency.count());  // the next descriptor is fetched meanwhile
        } else {
            const cost::EngineCost cost = cost::engine_cost(spec, in, queue.previous_was_matmul);
            queue.free = issue + cost.occupancy.count();
            done = issue + cost.latency.count();
            queue.previous_was_matmul = std::holds_alternative<program::Matmul>(in.op);
        }
        done = std::max(done, before);
        queue.retired.push_back(done);
        if (program.queues[id.queue].engine == program::Engine::pe)
            result.pe_by_layer[in.layer] += Duration{done - before};
        end = std::max(end, done);
    }
    result.makespan = Duration{end};
    return result;
}

Duration expected_service(const program::Program& program, const hw::ChipSpec& spec) {
    constexpr int kShared = 4, kAlone = 1;
    const Duration shared = estimate(program, spec).makespan, alone = estimate(program, spec, 1).makespan;
    return Duration{(kShared * shared.count() + kAlone * alone.count()) / (kShared + kAlone)};
}

}  // namespace infsim::compiler
