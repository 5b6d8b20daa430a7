// How the queues of a core run. The rules are in issue.hpp; here are the threads that follow them.
#include "chip/core.hpp"

#include "base/check.hpp"

namespace infsim::chip {

observe::InstructionRef Core::ref(std::size_t queue, std::uint32_t index) const {
    return {static_cast<std::uint16_t>(index_), static_cast<std::uint16_t>(queue), index, executed_};
}

program::InstructionId Core::id(std::size_t queue, std::uint32_t index) {
    return {static_cast<std::uint8_t>(queue), index};
}

void Core::run_queue(std::size_t queue, int slot) {
    // Threads that a larger program left behind sit out, and so does the second one of a queue that is no ring.
    for (;;) {
        sc_core::wait(start_event_);
        if (queue >= steps_->queues.size()) continue;
        if (steps_->queues[queue].engine == program::Engine::dma) run_ring_slot(queue, slot);
        else if (slot == 0) run_compute(queue);
    }
}

/// Sleeps until everything instruction `index` waits for is known, which may be long before it happens.
Hold Core::await(std::size_t queue, std::uint32_t index) {
    const Step& step = steps_->queues[queue].steps[index];
    for (int w = 0; w < step.wait_count; ++w) {
        const program::Wait wait = step.waits[w];
        if (retirements_.known(wait)) continue;
        queues_[queue]->at = index;
        queues_[queue]->blocked_on = wait;
        QueueState& producer = *queues_[wait.queue];
        while (!retirements_.known(wait)) {
            if (producer.wanted == 0 || wait.count < producer.wanted) producer.wanted = wait.count;
            sc_core::wait(producer.changed);
        }
    }
    return hold_of(*steps_, retirements_, step);
}

void Core::publish(std::size_t queue, TimePoint at) {
    retirements_.publish(queue, at);
    QueueState& state = *queues_[queue];
    if (state.wanted != 0 && retirements_.count(queue) >= state.wanted) {
        state.wanted = 0;  // those who want more ask again
        state.changed.notify();
    }
}

void Core::finish(std::size_t) {
    if (--running_queues_ == 0) drained_.notify(sc_core::SC_ZERO_TIME);
}

void Core::run_compute(std::size_t queue) {
    const auto& steps = steps_->queues[queue].steps;
    const Emitter& emit = context_.emit;
    TimePoint free = start_;
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        const Step& step = steps[i];
        const Hold hold = step.wait_count != 0 ? await(queue, i) : Hold{};
        const TimePoint at = std::max(free, hold.until);
        const TimePoint busy_until = at + step.occupancy;
        const TimePoint retired = std::max(at + step.latency, retirements_.last(queue));
        if (data_) {
            data_->issue(id(queue, i), at);
            data_->retire(id(queue, i), retired);
        }
        if (emit.listening()) {
            if (at > free) emit(observe::Blocked{ref(queue, i), free, at, hold.why});
            emit(observe::Issued{ref(queue, i), at, busy_until});
            emit(observe::Retired{ref(queue, i), retired});
        }
        free = busy_until;
        publish(queue, retired);
    }
    finish(queue);
}

// --- DMA rings: kRingDepth threads take the instructions in turn ---------------------------------------------

void Core::run_ring_slot(std::size_t queue, int slot) {
    const auto count = static_cast<std::uint32_t>(steps_->queues[queue].steps.size());
    for (auto i = static_cast<std::uint32_t>(slot); i < count; i += kRingDepth) {
        const TimePoint issue = issue_in_ring(queue, i, slot);
        retire_in_ring(queue, i, slot, transfer(queue, i, slot, issue));
    }
    if (slot == static_cast<int>((count + kRingDepth - 1) % kRingDepth)) finish(queue);  // it had the last one
}

/// Sleeps until the other slot has brought `progress` of the ring to `count`.
void Core::await_ring(QueueState& state, const std::uint32_t& progress, std::uint32_t count) {
    while (progress < count) sc_core::wait(state.changed);
}

TimePoint Core::issue_in_ring(std::size_t queue, std::uint32_t index, int slot) {
    QueueState& state = *queues_[queue];
    await_ring(state, state.issued, index);
    const Hold hold = await(queue, index);
    TimePoint at = std::max(start_, hold.until);
    if (index > 0) at = std::max(at, state.issue_times[(index - 1) % kRingDepth]);
    // The slot is free: this thread has retired the instruction before in it.
    if (index >= kRingDepth)
        at = std::max(at, retirements_.when({static_cast<std::uint8_t>(queue), index - kRingDepth + 1}));
    state.issue_times[slot] = at;
    if (data_) data_->issue(id(queue, index), at);
    state.reasons[slot] = hold.why;
    state.issued = index + 1;
    state.changed.notify();
    return at;
}

/// Brings the transfer to the DRAM when it is due; returns when its result is there.
TimePoint Core::transfer(std::size_t queue, std::uint32_t index, int slot, TimePoint issue) {
    QueueState& state = *queues_[queue];
    const StepQueue& ring = steps_->queues[queue];
    const std::int32_t t = ring.steps[index].transfer;
    const auto& spec = context_.spec;
    if (t >= 0) {
        context_.outlook.announce(issue + spec.dma.start_latency);
        sleep_until(issue + spec.dma.start_latency);
    }
    await_ring(state, state.sent, index);
    state.sent = index + 1;
    state.changed.notify();
    if (t < 0) return issue;  // a Sync
    const StepTransfer& what = ring.transfers[static_cast<std::size_t>(t)];
    TransferExtension& extension = state.slots[slot];
    extension.flow = context_.layout.engine_flow(index_, ring.engine_index);
    extension.ring = ring.ring;
    extension.inside_core = what.touches_dram ? -1 : index_;
    extension.billed = what.billed;
    extension.walk = what.touches_dram ? &what.walk : nullptr;
    exec::Effect* effect = data_ ? &data_->in_flight(id(queue, index), issue) : nullptr;
    extension.rows = effect != nullptr && effect->dram ? &*effect->dram : nullptr;
    const auto command = !what.touches_dram ? tlm::TLM_IGNORE_COMMAND
                         : what.writes_dram ? tlm::TLM_WRITE_COMMAND
                                            : tlm::TLM_READ_COMMAND;
    movers_[ring.engine_index]->move(context_.layout.address(index_, what.region, what.address), what.bytes, command,
                                     effect != nullptr ? effect->bytes.data() : nullptr, extension);
    return extension.end + (what.touches_dram ? spec.dram.latency : Duration{}) + spec.dma.completion_latency;
}

void Core::retire_in_ring(std::size_t queue, std::uint32_t index, int slot, TimePoint done) {
    QueueState& state = *queues_[queue];
    while (retirements_.count(queue) < index) sc_core::wait(state.changed);
    const TimePoint before = retirements_.last(queue), issue = state.issue_times[slot];
    const TimePoint retired = std::max(done, before);
    if (data_) data_->retire(id(queue, index), retired);
    if (context_.emit.listening()) {
        const observe::InstructionRef who = ref(queue, index);
        const StepQueue& ring = steps_->queues[queue];
        const std::int32_t t = ring.steps[index].transfer;
        const TransferExtension& extension = state.slots[slot];
        if (issue > before) context_.emit(observe::Blocked{who, before, issue, state.reasons[slot]});
        context_.emit(observe::Issued{who, std::max(issue, before), retired});
        if (t >= 0 && extension.inside_core < 0)
            context_.emit(observe::Transferred{
                who, extension.channel, ring.transfers[static_cast<std::size_t>(t)].bytes,
                ring.transfers[static_cast<std::size_t>(t)].writes_dram, extension.first, extension.end});
        context_.emit(observe::Retired{who, retired});
    }
    publish(queue, retired);
    state.changed.notify();
}

}  // namespace infsim::chip
