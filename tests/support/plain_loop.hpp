// The chip as one event loop over a priority queue, without SystemC and without running ahead: every instruction is an
// event when it issues and another when it retires. Oracle of the SystemC chip, and what its speed is measured against.
// It shares the prices (cost/), the arbiter and the address layout with the chip, and nothing that orders events.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "chip/chip.hpp"
#include "chip/dram_arbiter.hpp"
#include "chip/layout.hpp"
#include "observe/observer.hpp"
#include "support/plain_ops.hpp"

namespace infsim::test {

class PlainLoop {
public:
    PlainLoop(const hw::ChipSpec& spec, int cores, std::vector<observe::Observer*> observers)
        : spec_(spec),
          layout_(spec_, cores),
          arbiter_(layout_.arbiter_config()),
          observers_(std::move(observers)),
          cores_(static_cast<std::size_t>(cores)) {}

    void load(int core, std::shared_ptr<const program::Program> program) {
        Core& c = cores_[core];
        c.program = program;
        c.queues.clear();
        for (const auto& source : program->queues) c.queues.push_back(decode(*program, source));
    }

    void submit(int core, TimePoint at) {
        Core& c = cores_[core];
        chip::Completion call;
        call.core = core;
        call.inference = c.calls.size();
        call.submitted = at;
        c.calls.push_back(call);
        push(at, Kind::submitted, core, 0, 0);
    }

    /// Runs until nothing is left; completions by output_done, then core.
    std::vector<chip::Completion> run() {
        std::vector<chip::FinishedTransfer> finished;
        while (true) {
            const auto end = arbiter_.next_completion(events_.empty() ? TimePoint::max() : events_.top().at);
            if (end && (events_.empty() || *end <= events_.top().at)) {
                now_ = *end;
                finished.clear();
                arbiter_.take_finished(now_, finished);
                for (const auto& f : finished) transfer_over(f);
            } else if (!events_.empty()) {
                const TimePoint at = events_.top().at;
                now_ = at;
                while (!events_.empty() && events_.top().at == at) {  // all of a moment before the arbiter looks ahead
                    const Event event = events_.top();
                    events_.pop();
                    handle(event);
                }
            } else {
                break;
            }
        }
        std::stable_sort(done_.begin(), done_.end(), [](const auto& a, const auto& b) {
            return a.output_done != b.output_done ? a.output_done < b.output_done : a.core < b.core;
        });
        return done_;
    }

private:
    enum class Kind : std::uint8_t { retire, submitted, free, send, host_send, ended, port };
    struct Event {
        TimePoint at;
        std::uint64_t order;
        Kind kind;
        std::uint16_t core, queue;
        std::uint32_t index;
        bool operator<(const Event& o) const { return at != o.at ? at > o.at : order > o.order; }
    };
    struct Queue {
        bool ring = false;
        int engine_index = 0, ring_index = 0;
        std::vector<PlainOp> ops;
        std::uint32_t next = 0, scheduled = 0;  // to issue; rings: whose retirement is not yet scheduled
        TimePoint free{}, last_scheduled{};
        bool asks = false;  // for PSUM's port
        observe::Stall hold{};
        std::vector<TimePoint> retired;
        std::uint64_t watchers = 0;                // queues that may wait for this one
        std::array<TimePoint, 2> issue{}, over{};  // rings: of the two in flight
        std::array<observe::Stall, 2> why{};
        std::array<bool, 2> is_over{};
        std::array<observe::Transferred, 2> moved{};
    };
    struct Core {
        std::shared_ptr<const program::Program> program;
        std::vector<Queue> queues;
        std::vector<chip::Completion> calls;
        std::uint64_t submitted = 0, inputs = 0, executed = 0, outputs = 0;
        std::uint64_t inputs_begun = 0, executions_begun = 0, outputs_begun = 0;
        std::array<std::vector<const program::Segment*>, 2> host_left;  // in, out
        std::size_t unfinished = 0;
        TimePoint start{}, port_free{};
    };

    static constexpr std::uint64_t kHostBit = std::uint64_t{1} << 63;

    Queue decode(const program::Program& program, const program::Queue& source) const {
        Queue q;
        q.ring = source.engine == program::Engine::dma;
        q.engine_index = source.engine_index;
        q.ring_index = source.ring;
        q.ops = plain_ops(spec_, program, source);
        return q;
    }

    void push(TimePoint at, Kind kind, std::size_t core, std::size_t queue, std::uint32_t index) {
        events_.push({at, order_++, kind, static_cast<std::uint16_t>(core), static_cast<std::uint16_t>(queue), index});
    }
    template <class E>
    void emit(const E& e) {
        for (auto* o : observers_) o->on(e);
    }
    void phase(std::size_t core, std::uint64_t inference, observe::InferencePhase what) {
        emit(observe::InferenceEvent{static_cast<std::uint16_t>(core), inference, what, now_});
    }

    void handle(const Event& e) {
        Core& c = cores_[e.core];
        switch (e.kind) {
            case Kind::submitted:
                phase(e.core, c.submitted, observe::InferencePhase::submitted);
                ++c.submitted;
                return host_progress(e.core);
            case Kind::free: return issue(e.core, e.queue);
            case Kind::retire: return retire(e.core, e.queue, e.index);
            case Kind::send: return send(e.core, e.queue, e.index);
            case Kind::host_send: return host_send(e.core, e.queue);
            case Kind::ended: return execution_over(e.core);
            case Kind::port: return serve_port(e.core);
        }
    }

    // --- queues

    void issue(std::size_t core, std::size_t queue) {
        Core& c = cores_[core];
        Queue& q = c.queues[queue];
        while (q.next < q.ops.size() && q.free <= now_ && !q.asks) {
            const std::uint32_t i = q.next;
            const PlainOp& op = q.ops[i];
            if (q.ring && i >= 2 && q.retired.size() + 1 < i) return;  // both places of the ring are taken
            TimePoint latest = TimePoint::min();
            observe::Stall why = observe::Stall::drained;
            for (int w = 0; w < op.wait_count; ++w) {
                const auto wait = op.waits[w];
                Queue& producer = c.queues[wait.queue];
                if (producer.retired.size() < wait.count) {
                    producer.watchers |= std::uint64_t{1} << queue;
                    return;
                }
                if (wait.count > 0 && producer.retired[wait.count - 1] > latest) {
                    latest = producer.retired[wait.count - 1];
                    why = producer.ops[wait.count - 1].blame;
                }
            }
            if (op.takes_port) {
                q.asks = true;
                q.hold = why;
                return push(now_, Kind::port, core, 0, 0);
            }
            ++q.next;
            if (q.ring) issue_dma(core, queue, i, why);
            else issue_compute(core, queue, i, why);
        }
    }

    /// All who ask at this moment get the port one after the other, by their number, once nothing else happens in it.
    void serve_port(std::size_t core) {
        if (!events_.empty() && events_.top().at == now_ && events_.top().kind != Kind::port)
            return push(now_, Kind::port, core, 0, 0);
        Core& c = cores_[core];
        for (std::size_t queue = 0; queue < c.queues.size(); ++queue) {
            Queue& q = c.queues[queue];
            if (!q.asks) continue;
            q.asks = false;
            const TimePoint at = std::max(now_, c.port_free);
            const auto other =
                q.ops[q.next].blame == observe::Stall::wait_act ? observe::Stall::wait_pool : observe::Stall::wait_act;
            issue_compute(core, queue, q.next++, at > now_ ? other : q.hold, at);
            c.port_free = q.free;
        }
    }

    void issue_compute(std::size_t core, std::size_t queue, std::uint32_t i, observe::Stall why) {
        issue_compute(core, queue, i, why, now_);
    }
    void issue_compute(std::size_t core, std::size_t queue, std::uint32_t i, observe::Stall why, TimePoint at) {
        Queue& q = cores_[core].queues[queue];
        const PlainOp& op = q.ops[i];
        const auto who = ref(core, queue, i);
        if (at > q.free) emit(observe::Blocked{who, q.free, at, why});
        q.free = at + op.occupancy;
        q.last_scheduled = std::max(q.last_scheduled, at + op.latency);
        emit(observe::Issued{who, at, q.free});
        push(q.last_scheduled, Kind::retire, core, queue, i);
        if (q.next < q.ops.size() && q.free > now_) push(q.free, Kind::free, core, queue, 0);
    }

    void issue_dma(std::size_t core, std::size_t queue, std::uint32_t i, observe::Stall why) {
        Queue& q = cores_[core].queues[queue];
        q.issue[i % 2] = now_;
        q.why[i % 2] = why;
        q.is_over[i % 2] = false;
        if (q.ops[i].dma) push(now_ + spec_.dma.start_latency, Kind::send, core, queue, i);
        else ring_over(core, queue, i, now_);
    }

    void send(std::size_t core, std::size_t queue, std::uint32_t i) {
        const Queue& q = cores_[core].queues[queue];
        const PlainOp& op = q.ops[i];
        const int c = static_cast<int>(core);
        const int channel = op.dram ? (c + op.channel_region) % spec_.dram.channels : layout_.inside_core(c);
        arbiter_.request(now_, {core << 40 | queue << 32 | i, layout_.engine_flow(c, q.engine_index), q.ring_index,
                                channel, op.demand.payload, op.demand.billed,
                                layout_.address_in_channel(layout_.address(c, op.channel_region, op.address)),
                                op.dram ? &op.walk : nullptr, op.demand.writes_dram});
    }

    void transfer_over(const chip::FinishedTransfer& f) {
        if ((f.id & kHostBit) != 0) return host_over(f);
        const std::size_t core = f.id >> 40, queue = f.id >> 32 & 0xFF;
        const auto i = static_cast<std::uint32_t>(f.id);
        Queue& q = cores_[core].queues[queue];
        const PlainOp& op = q.ops[i];
        q.moved[i % 2] = {ref(core, queue, i),
                          (static_cast<int>(core) + op.channel_region) % spec_.dram.channels,
                          op.demand.payload,
                          op.demand.writes_dram,
                          f.first,
                          f.end};
        ring_over(core, queue, i, f.end + (op.dram ? spec_.dram.latency : Duration{}) + spec_.dma.completion_latency);
    }

    /// Schedules retirements in ring order.
    void ring_over(std::size_t core, std::size_t queue, std::uint32_t i, TimePoint over) {
        Queue& q = cores_[core].queues[queue];
        q.over[i % 2] = over;
        q.is_over[i % 2] = true;
        for (; q.scheduled < q.next && q.is_over[q.scheduled % 2]; ++q.scheduled) {
            const std::uint32_t k = q.scheduled;
            const TimePoint before = k == 0 ? cores_[core].start : q.last_scheduled;
            q.last_scheduled = std::max(before, q.over[k % 2]);
            const auto who = ref(core, queue, k);
            if (q.issue[k % 2] > before) emit(observe::Blocked{who, before, q.issue[k % 2], q.why[k % 2]});
            emit(observe::Issued{who, std::max(before, q.issue[k % 2]), q.last_scheduled});
            if (q.ops[k].dram) emit(q.moved[k % 2]);
            q.is_over[k % 2] = false;
            push(q.last_scheduled, Kind::retire, core, queue, k);
        }
    }
    void retire(std::size_t core, std::size_t queue, std::uint32_t i) {
        Core& c = cores_[core];
        Queue& q = c.queues[queue];
        emit(observe::Retired{ref(core, queue, i), now_});
        q.retired.push_back(now_);
        if (q.ring) issue(core, queue);
        for (std::uint64_t w = std::exchange(q.watchers, 0); w != 0; w &= w - 1)
            issue(core, static_cast<std::size_t>(__builtin_ctzll(w)));
        if (q.retired.size() == q.ops.size() && --c.unfinished == 0) execution_over(core);
    }

    // --- inferences

    /// Starts whatever the counters of the core allow.
    void host_progress(std::size_t core) {
        Core& c = cores_[core];
        if (c.inputs_begun < c.submitted && c.inputs_begun == c.inputs && c.inputs_begun < c.executed + 2) {
            ++c.inputs_begun;
            begin_host(core, 0, program::Purpose::input);
        }
        if (c.outputs_begun < c.executed && c.outputs_begun == c.outputs) {
            ++c.outputs_begun;
            begin_host(core, 1, program::Purpose::output);
        }
        if (c.executions_begun < c.inputs && c.executions_begun == c.executed && c.executions_begun < c.outputs + 2) {
            ++c.executions_begun;
            begin_execution(core);
        }
    }

    void begin_host(std::size_t core, std::size_t direction, program::Purpose purpose) {
        auto& left = cores_[core].host_left[direction];
        left.clear();
        for (const auto& segment : cores_[core].program->segments)
            if (segment.purpose == purpose && segment.bytes > 0) left.push_back(&segment);
        std::reverse(left.begin(), left.end());
        push(now_ + spec_.host.transfer_latency, Kind::host_send, core, direction, 0);
    }

    void host_send(std::size_t core, std::size_t direction) {
        Core& c = cores_[core];
        auto& left = c.host_left[direction];
        if (!left.empty()) {
            const int channel = (static_cast<int>(core) + left.back()->region) % spec_.dram.channels;
            const Bytes bytes{left.back()->bytes};
            arbiter_.request(now_, {kHostBit | core << 1 | direction,
                                    layout_.host_flow(static_cast<int>(core), direction == 0), 0, channel, bytes, bytes,
                                    layout_.address_in_channel(layout_.address(
                                        static_cast<int>(core), left.back()->region, left.back()->address)),
                                    nullptr, direction == 0});
            return;
        }
        if (direction == 0) {
            c.calls[c.inputs].input_ready = now_;
            phase(core, c.inputs++, observe::InferencePhase::input_ready);
        } else {
            c.calls[c.outputs].output_done = now_;
            phase(core, c.outputs, observe::InferencePhase::output_done);
            done_.push_back(c.calls[c.outputs++]);
        }
        host_progress(core);
    }

    void host_over(const chip::FinishedTransfer& f) {
        const std::size_t core = (f.id & ~kHostBit) >> 1, direction = f.id & 1;
        Core& c = cores_[core];
        emit(observe::HostTransferred{static_cast<std::uint16_t>(core), direction == 0 ? c.inputs : c.outputs,
                                      direction == 0, Bytes{c.host_left[direction].back()->bytes}, f.first, f.end});
        c.host_left[direction].pop_back();
        host_send(core, direction);
    }

    void begin_execution(std::size_t core) {
        Core& c = cores_[core];
        c.start = c.port_free = c.calls[c.executed].first_issue = now_;
        phase(core, c.executed, observe::InferencePhase::first_issue);
        c.unfinished = 0;
        for (Queue& q : c.queues) {
            q.next = q.scheduled = 0;
            q.free = q.last_scheduled = now_;
            q.retired.clear();
            q.watchers = 0;
            q.is_over = {};
            if (!q.ops.empty()) ++c.unfinished;
        }
        if (c.unfinished == 0) push(now_, Kind::ended, core, 0, 0);
        for (std::size_t q = 0; q < c.queues.size(); ++q) issue(core, q);
    }

    void execution_over(std::size_t core) {
        Core& c = cores_[core];
        c.calls[c.executed].last_retirement = now_;
        phase(core, c.executed, observe::InferencePhase::last_retirement);
        ++c.executed;
        host_progress(core);
    }

    observe::InstructionRef ref(std::size_t core, std::size_t queue, std::uint32_t i) const {
        return {static_cast<std::uint16_t>(core), static_cast<std::uint16_t>(queue), i, cores_[core].executed};
    }

    hw::ChipSpec spec_;
    chip::Layout layout_;
    chip::DramArbiter arbiter_;
    std::vector<observe::Observer*> observers_;
    std::vector<Core> cores_;
    std::priority_queue<Event> events_;
    std::uint64_t order_ = 0;
    TimePoint now_{};
    std::vector<chip::Completion> done_;
};

}  // namespace infsim::test
