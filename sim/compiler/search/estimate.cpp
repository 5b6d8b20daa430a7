#include "compiler/search/estimate.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "compiler/search/fair_share.hpp"
#include "cost/cost.hpp"
#include "hw/derived.hpp"

namespace infsim::compiler {

namespace {

/// One run of a Program on one core. An engine's instruction is simulated as soon as the times that it waits for are
/// known; only transfers, whose ends depend on what else is in progress, follow the clock.
class TimedRun {
public:
    TimedRun(const program::Program& program, const hw::ChipSpec& spec, int cores)
        : program_(program), spec_(spec), queues_(program.queues.size()) {
        result_.pe_by_layer.assign(program.layers.size(), Duration{});
        for (int e = 0; e < spec.dma.engines_per_core; ++e) servers_.emplace_back(spec.dma.engine_bandwidth);
        const Bandwidth share{hw::sustained_dram_bandwidth(spec).count() / cores};
        servers_.emplace_back(std::min(share, hw::single_core_bandwidth(spec)));
    }

    Estimate run() {
        for (std::size_t q = 0; q < queues_.size(); ++q) ready_.push_back(static_cast<int>(q));
        issue_all();
        while (true) {
            const auto [server, ends] = next_end();
            const auto asked = port_.empty() ? kNever : port_.top().first;
            const auto starts = starts_.empty() ? kNever : starts_.top().at;
            if (asked != kNever && asked <= starts && (!server || asked <= ends)) give_port();
            else if (!starts_.empty() && (!server || starts <= ends)) start();
            else if (server) end_on(*server, ends);
            else break;
        }
        for (std::size_t q = 0; q < queues_.size(); ++q)
            INFSIM_CHECK(queues_[q].retired.size() == program_.queues[q].instructions.size(),
                         "instructions wait for each other");
        return std::move(result_);
    }

private:
    static constexpr Duration kNever = Duration::max();

    struct Waiting {
        std::size_t count;  ///< retired instructions waited for
        int queue;
    };
    struct Queue {
        Duration free{};                ///< when the next instruction may be issued
        std::vector<Duration> retired;  ///< by instruction, ascending: a queue retires in order
        std::vector<Waiting> waiting;   ///< queues whose next instruction waits for one of this queue
        bool previous_was_matmul = false;
        bool asks = false;  ///< the next instruction has asked for PSUM's port
        int parts = 0;      ///< of a transfer in progress: servers that are not done with it
        Bytes dram{};       ///< of that transfer
    };
    struct Start {
        Duration at;
        int queue;
        cost::DmaDemand demand;
        bool operator>(const Start& other) const { return at != other.at ? at > other.at : queue > other.queue; }
    };

    const program::Program& program_;
    const hw::ChipSpec& spec_;
    std::vector<Queue> queues_;
    std::vector<FairShare> servers_;  ///< DMA engines, then the core's share of DRAM
    std::priority_queue<Start, std::vector<Start>, std::greater<>> starts_;
    /// Who has asked for PSUM's port, and when; it is granted in this order.
    std::priority_queue<std::pair<Duration, int>, std::vector<std::pair<Duration, int>>, std::greater<>> port_;
    Duration port_free_{};
    std::vector<int> ready_;  ///< queues that may be able to issue
    Estimate result_;

    /// The server that finishes a transfer first, and when; null if nothing is in progress.
    std::pair<FairShare*, Duration> next_end() {
        std::pair<FairShare*, Duration> first{nullptr, Duration{}};
        for (FairShare& server : servers_)
            if (const auto at = server.next_departure(); at && (!first.first || *at < first.second))
                first = {&server, *at};
        return first;
    }

    void issue_all() {
        while (!ready_.empty()) {
            const int q = ready_.back();
            ready_.pop_back();
            while (issue_next(q)) {}
        }
    }

    /// Whether queue `q` retired an instruction; a transfer that starts does not count.
    bool issue_next(int q) {
        Queue& queue = queues_[static_cast<std::size_t>(q)];
        const auto& instructions = program_.queues[static_cast<std::size_t>(q)].instructions;
        if (queue.parts > 0 || queue.asks || queue.retired.size() == instructions.size()) return false;
        const program::Instruction& in = instructions[queue.retired.size()];
        Duration issue = queue.free;
        for (int w = 0; w < in.waits.size(); ++w) {
            const auto count = static_cast<std::size_t>(in.waits[w].count);
            Queue& other = queues_[in.waits[w].queue];
            if (count > other.retired.size()) return other.waiting.push_back({count, q}), false;
            if (count > 0) issue = std::max(issue, other.retired[count - 1]);
        }
        queue.free = issue;
        if (cost::is_dma(in)) {
            const cost::DmaDemand demand = cost::dma_demand(spec_, in);
            queue.dram = demand.dram;
            queue.parts = demand.dram.count() > 0 ? 2 : 1;
            starts_.push({issue + spec_.dma.start_latency, q, demand});
            return false;
        }
        queue.asks = cost::takes_psum_port(spec_, in);
        if (queue.asks) return port_.push({issue, q}), false;
        issue_on_engine(q, in);
        return true;
    }

    /// At the time when the queue is free.
    void issue_on_engine(int q, const program::Instruction& in) {
        Queue& queue = queues_[static_cast<std::size_t>(q)];
        const cost::EngineCost cost = cost::engine_cost(spec_, in, queue.previous_was_matmul);
        queue.previous_was_matmul = std::holds_alternative<program::Matmul>(in.op);
        const Duration issue = queue.free;
        queue.free += cost.occupancy;
        retire(q, issue + cost.latency);
    }

    void give_port() {
        const int q = port_.top().second;
        port_.pop();
        Queue& queue = queues_[static_cast<std::size_t>(q)];
        queue.asks = false;
        queue.free = std::max(queue.free, port_free_);
        issue_on_engine(q, program_.queues[static_cast<std::size_t>(q)].instructions[queue.retired.size()]);
        port_free_ = queue.free;
        ready_.push_back(q);
        issue_all();
    }

    void retire(int q, Duration done) {
        Queue& queue = queues_[static_cast<std::size_t>(q)];
        const program::Queue& of = program_.queues[static_cast<std::size_t>(q)];
        const Duration before = queue.retired.empty() ? Duration{} : queue.retired.back();
        done = std::max(done, before);
        if (of.engine == program::Engine::pe)
            result_.pe_by_layer[of.instructions[queue.retired.size()].layer] += done - before;
        queue.retired.push_back(done);
        result_.makespan = std::max(result_.makespan, done);
        for (std::size_t w = 0; w < queue.waiting.size();) {
            if (queue.waiting[w].count > queue.retired.size()) {
                ++w;
                continue;
            }
            ready_.push_back(queue.waiting[w].queue);
            queue.waiting[w] = queue.waiting.back();
            queue.waiting.pop_back();
        }
    }

    void start() {
        const Start s = starts_.top();
        starts_.pop();
        const auto engine = static_cast<std::size_t>(program_.queues[static_cast<std::size_t>(s.queue)].engine_index);
        const std::int64_t burst = spec_.dram.burst.count(), turns = (s.demand.payload.count() + burst - 1) / burst;
        servers_[engine].arrive(s.at, s.queue, s.demand.billed, turns);
        if (s.demand.dram.count() > 0) servers_.back().arrive(s.at, s.queue, s.demand.dram, turns);
    }

    void end_on(FairShare& server, Duration at) {
        const int q = server.depart();
        Queue& queue = queues_[static_cast<std::size_t>(q)];
        if (--queue.parts > 0) return;
        const Duration answer = queue.dram.count() > 0 ? spec_.dram.latency : Duration{};
        const Duration done = at + answer + spec_.dma.completion_latency;
        queue.free = std::max(queue.free, done - spec_.dma.start_latency);  // meanwhile the next descriptor is fetched
        retire(q, done);
        ready_.push_back(q);
        issue_all();
    }
};

}  // namespace

Estimate estimate(const program::Program& program, const hw::ChipSpec& spec, int cores) {
    return TimedRun(program, spec, cores).run();
}

Duration expected_service(const program::Program& program, const hw::ChipSpec& spec) {
    constexpr int kShared = 3, kAlone = 1;
    const Duration shared = estimate(program, spec).makespan, alone = estimate(program, spec, 1).makespan;
    return Duration{(kShared * shared.count() + kAlone * alone.count()) / (kShared + kAlone)};
}

}  // namespace infsim::compiler
