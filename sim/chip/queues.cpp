// How the queues of a core run. issue.hpp has the rules; this file applies them.
#include "chip/core.hpp"

#include "base/check.hpp"

namespace infsim::chip {

namespace {

/// What ACT or POOL waits for if it does not get PSUM's port.
observe::Stall other_at_port(program::Engine engine) {
    return engine == program::Engine::act ? observe::Stall::wait_pool : observe::Stall::wait_act;
}

}  // namespace

observe::InstructionRef Core::ref(std::size_t queue, std::uint32_t index) const {
    return {static_cast<std::uint16_t>(index_), static_cast<std::uint16_t>(queue), index, executed_};
}

program::InstructionId Core::id(std::size_t queue, std::uint32_t index) {
    return {static_cast<std::uint8_t>(queue), index};
}

/// Runs all queues that may continue, including those that become runnable meanwhile.
void Core::run_queues() {
    if (running_) return;
    running_ = true;
    while (!runnable_.empty()) {
        const std::uint32_t queue = runnable_.back();
        runnable_.pop_back();
        if (steps_->queues[queue].engine == program::Engine::dma) run_ring(queue);
        else run_compute(queue);
    }
    running_ = false;
}

/// Whether everything `step` waits for is known, which may be long before it happens. If not, the queue is woken when
/// the first unknown one becomes known.
bool Core::all_known(std::size_t queue, const Step& step) {
    const StepQueue& steps = steps_->queues[queue];
    for (int w = 0; w < step.wait_count; ++w) {
        const program::Wait wait = steps.wait(step, w);
        if (retirements_.known(wait)) continue;
        QueueState &state = *queues_[queue], &producer = *queues_[wait.queue];
        state.blocked_on = wait;
        state.waiting = true;
        producer.waiters.push_back({static_cast<std::uint32_t>(queue), wait.count});
        if (producer.wanted == 0 || wait.count < producer.wanted) producer.wanted = wait.count;
        return false;
    }
    return true;
}

void Core::publish(std::size_t queue, TimePoint at) {
    retirements_.publish(queue, at);
    QueueState& state = *queues_[queue];
    const std::uint32_t count = retirements_.count(queue);
    if (state.wanted != 0 && count >= state.wanted) wake_waiters(state, count);
}

void Core::wake_waiters(QueueState& state, std::uint32_t count) {
    state.wanted = 0;
    std::size_t kept = 0;
    for (const Waiter& waiter : state.waiters) {
        if (waiter.count <= count) {
            queues_[waiter.queue]->waiting = false;
            make_runnable(waiter.queue);
            continue;
        }
        if (state.wanted == 0 || waiter.count < state.wanted) state.wanted = waiter.count;
        state.waiters[kept++] = waiter;
    }
    state.waiters.resize(kept);
}

void Core::finish(std::size_t queue) {
    queues_[queue]->finished = true;
    if (--running_queues_ == 0) drained_.notify(sc_core::SC_ZERO_TIME);
}

/// Whether the queue's next instruction has PSUM's port; `port_from` says since when. If not, the queue continues when
/// it is granted. A request may be for a future time: it is granted only when the clock gets there, since another queue
/// may still request an earlier one.
bool Core::ask_for_port(std::size_t queue, TimePoint at) {
    QueueState& state = *queues_[queue];
    if (state.port_from) return true;
    if (state.asks) return false;
    state.asks = true;
    port_.ask({at, static_cast<std::uint32_t>(queue)});
    const TimePoint now = kernel_now();
    port_asked_.notify(at > now ? kernel_time(at - now) : sc_core::SC_ZERO_TIME);
    return false;
}

/// Grants the port, one delta later: transfers that end at the same time may make another queue request it.
void Core::serve_port() {
    const TimePoint now = kernel_now();
    if (port_settled_ != now) {
        port_settled_ = now;
        port_asked_.notify(sc_core::SC_ZERO_TIME);
        return;
    }
    while (const auto next = port_.next()) {
        if (next->asked > now) {
            port_asked_.notify(kernel_time(next->asked - now));
            return;
        }
        QueueState& state = *queues_[next->queue];
        const StepQueue& steps = steps_->queues[next->queue];
        state.port_from = port_.take(steps.cost(steps.steps[state.next]).occupancy);
        state.asks = false;
        make_runnable(next->queue);
        run_queues();
    }
}

void Core::run_compute(std::size_t queue) {
    const StepQueue& all = steps_->queues[queue];
    const auto count = static_cast<std::uint32_t>(all.steps.size());
    QueueState& state = *queues_[queue];
    TimePoint free = state.free, last = retirements_.last(queue);
    for (std::uint32_t i = state.next; i < count; ++i) {
        const Step& step = all.steps[i];
        Hold hold;
        if (step.wait_count != 0) {
            if (!all_known(queue, step)) {
                state.next = i;
                state.free = free;
                return;
            }
            hold = hold_of(retirements_, all, step);
        }
        const StepCost& cost = all.cost(step);
        TimePoint at = std::max(free, hold.until);
        bool held_at_port = false;
        if (step.takes_port) {
            state.next = i;
            state.free = free;
            if (!ask_for_port(queue, at)) return;
            held_at_port = *state.port_from > at;
            at = *state.port_from;
            state.port_from.reset();
        }
        const TimePoint busy_until = at + cost.occupancy;
        last = std::max(at + cost.latency, last);
        if (data_) {
            data_->issue(id(queue, i), at);
            data_->retire(id(queue, i), last);
        }
        if (at > free && emit_.blocked())
            emit_(observe::Blocked{ref(queue, i), free, at,
                                   held_at_port ? other_at_port(all.engine) : blamed(*steps_, hold)});
        if (emit_.issued()) emit_(observe::Issued{ref(queue, i), at, busy_until});
        if (emit_.retired()) emit_(observe::Retired{ref(queue, i), last});
        free = busy_until;
        publish(queue, last);
    }
    state.next = count;
    finish(queue);
}

// --- DMA rings: instruction i is in slot i % kRingDepth from its issue to its retirement ----------------------

/// Continues as far as it can, after a transfer or when what it waited for is known.
void Core::run_ring(std::size_t queue) {
    QueueState& state = *queues_[queue];
    do {
        std::uint32_t oldest = retirements_.count(queue);
        while (oldest < state.next && state.slots[oldest % kRingDepth].over) retire_in_ring(queue, oldest++);
    } while (issue_in_ring(queue));
    if (retirements_.count(queue) == steps_->queues[queue].steps.size() && !state.finished) finish(queue);
}

/// Issues the ring's next instruction; false if its time is not known yet.
bool Core::issue_in_ring(std::size_t queue) {
    QueueState& state = *queues_[queue];
    const StepQueue& ring = steps_->queues[queue];
    const std::uint32_t index = state.next;
    const bool room = index < ring.steps.size() && index < retirements_.count(queue) + kRingDepth;
    if (!room || state.waiting || !all_known(queue, ring.steps[index])) return false;
    Slot& slot = state.slots[index % kRingDepth];
    slot.hold = hold_of(retirements_, ring, ring.steps[index]);
    TimePoint at = std::max(start_, slot.hold.until);
    if (index > 0) at = std::max(at, state.slots[(index - 1) % kRingDepth].issue);
    if (index >= kRingDepth)
        at = std::max(at, retirements_.when({static_cast<std::uint8_t>(queue), index - kRingDepth + 1}));
    slot.issue = at;
    if (data_) data_->issue(id(queue, index), at);
    state.next = index + 1;
    slot.over = !ring.steps[index].moves;  // a Sync
    if (slot.over) slot.done = at;
    else send(queue, index, slot);
    return true;
}

/// Sends the transfer to the DRAM; it arrives one start latency after the issue.
void Core::send(std::size_t queue, std::uint32_t index, Slot& slot) {
    const StepQueue& ring = steps_->queues[queue];
    const StepTransfer& what = ring.transfer(ring.steps[index]);
    TransferExtension& extension = slot.extension;
    extension.flow = context_.layout.engine_flow(index_, ring.engine_index);
    extension.ring = ring.ring;
    extension.inside_core = what.touches_dram ? -1 : index_;
    extension.billed = what.billed;
    extension.walk = what.touches_dram ? &what.walk : nullptr;
    extension.rows = nullptr;
    extension.pack = nullptr;
    if (data_)
        extension.pack = [this, who = id(queue, index), &slot] {
            exec::Effect& effect = data_->in_flight(who, slot.issue);
            slot.extension.rows = effect.dram ? &*effect.dram : nullptr;
            slot.payload.set_data_ptr(reinterpret_cast<unsigned char*>(effect.bytes.data()));
        };
    const auto command = !what.touches_dram ? tlm::TLM_IGNORE_COMMAND
                         : what.writes_dram ? tlm::TLM_WRITE_COMMAND
                                            : tlm::TLM_READ_COMMAND;
    fill_payload(slot.payload, context_.layout.address(index_, what.region, what.address), what.bytes, command);
    movers_[static_cast<std::size_t>(ring.engine_index)]->send(
        slot.payload, slot.issue + context_.spec.dma.start_latency - kernel_now());
}

void Core::transfer_over(const TransferExtension& extension) {
    QueueState& state = *queues_[extension.queue];
    const auto& spec = context_.spec;
    for (Slot& slot : state.slots)
        if (&slot.extension == &extension) {
            slot.done = extension.end + (extension.inside_core < 0 ? spec.dram.latency : Duration{}) +
                        spec.dma.completion_latency;
            slot.over = true;
        }
    make_runnable(extension.queue);
    run_queues();
}

void Core::retire_in_ring(std::size_t queue, std::uint32_t index) {
    const Slot& slot = queues_[queue]->slots[index % kRingDepth];
    const TimePoint before = retirements_.last(queue), issue = slot.issue;
    const TimePoint retired = std::max(slot.done, before);
    if (data_) data_->retire(id(queue, index), retired);
    const observe::InstructionRef who = ref(queue, index);
    const StepQueue& ring = steps_->queues[queue];
    const Step& step = ring.steps[index];
    if (issue > before) emit_(observe::Blocked{who, before, issue, blamed(*steps_, slot.hold)});
    emit_(observe::Issued{who, std::max(issue, before), retired});
    if (step.moves && slot.extension.inside_core < 0) {
        const StepTransfer& what = ring.transfer(step);
        emit_(observe::Transferred{who, slot.extension.channel, what.bytes, what.writes_dram, slot.extension.first,
                                   slot.extension.end});
    }
    emit_(observe::Retired{who, retired});
    publish(queue, retired);
}

}  // namespace infsim::chip
