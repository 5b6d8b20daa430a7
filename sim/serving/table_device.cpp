#include "serving/table_device.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::serving {

TableDevice::TableDevice(ServiceTimes& times, int chips, int cores_per_chip)
    : chips_(static_cast<std::size_t>(chips)), cores_per_chip_(cores_per_chip), paces_(times, cores_per_chip) {
    INFSIM_CHECK(chips > 0 && cores_per_chip > 0 && cores_per_chip <= kMaxCoresPerChip,
                 "a server has 1 to 64 cores a chip");
    for (Chip& chip : chips_) chip.cores.resize(static_cast<std::size_t>(cores_per_chip));
}

void TableDevice::submit(int core, int program, std::int32_t tag, TimePoint at) {
    Chip& chip = chips_[static_cast<std::size_t>(core / cores_per_chip_)];
    Core& c = chip.cores[static_cast<std::size_t>(core % cores_per_chip_)];
    INFSIM_CHECK(c.jobs.empty() || c.jobs.back().program == program,
                 "a core changes its program with work outstanding");
    c.jobs.push_back({tag, program, at, {}, {}});
    if (c.inputs_started == c.inputs_done && c.inputs_started == c.jobs.size() - 1 &&
        c.inputs_started < c.executions_done + 2)
        c.next[kInputStart] = at;
    refresh(c);
    find_next(chip);
}

std::optional<Finished> TableDevice::advance(TimePoint until) {
    while (true) {
        std::size_t first = 0;
        for (std::size_t i = 1; i < chips_.size(); ++i)
            if (chips_[i].next < chips_[first].next) first = i;
        const TimePoint now = chips_[first].next;
        if (now > until || now == kNever) return std::nullopt;
        if (auto finished = handle(first, now)) return finished;
    }
}

void TableDevice::refresh(Core& core) {
    core.soonest = kNever;
    for (int e = 0; e < kEvents; ++e)
        if (core.next[static_cast<std::size_t>(e)] < core.soonest) {
            core.soonest = core.next[static_cast<std::size_t>(e)];
            core.soonest_event = e;
        }
}

void TableDevice::find_next(Chip& chip) {
    chip.next = kNever;
    for (std::size_t c = 0; c < chip.cores.size(); ++c)
        if (chip.cores[c].soonest < chip.next) {
            chip.next = chip.cores[c].soonest;
            chip.next_core = c;
        }
}

std::optional<Finished> TableDevice::handle(std::size_t index, TimePoint now) {
    Chip& chip = chips_[index];
    const std::size_t self = chip.next_core;
    Core& core = chip.cores[self];
    const int number = static_cast<int>(self);
    core.next[static_cast<std::size_t>(core.soonest_event)] = kNever;
    std::optional<Finished> finished;
    switch (core.soonest_event) {
        case kExecution:
            if (!core.execution.step()) {
                core.next[kExecution] = core.execution.next();
                set_paces(chip, now);
                refresh(core);
                find_next(chip);
                return std::nullopt;
            }
            finish_execution(core, now);
            break;
        case kOutputEnd:
            carry_next(chip, chip.out, now);
            finished = finish_output(core, static_cast<int>(index) * cores_per_chip_ + number);
            finished->at = now;
            break;
        case kInputEnd:
            carry_next(chip, chip.in, now);
            ++core.inputs_done;
            break;
        case kInputStart:
            core.next[kInputReady] = now + paces_.transfers(core.jobs[core.inputs_started++].program).input_fixed;
            break;
        case kInputReady: ready(chip, chip.in, number, now); break;
        case kOutputReady: ready(chip, chip.out, number, now); break;
    }
    start_what_can(chip, self, now);
    refresh(core);
    find_next(chip);
    return finished;
}

void TableDevice::finish_execution(Core& core, TimePoint now) {
    Job& job = core.jobs[core.executions_done];
    job.started = core.execution_start;
    job.executed = now - core.execution_start;
    ++core.executions_done;
}

Finished TableDevice::finish_output(Core& core, int index) {
    const Job job = core.jobs.front();
    core.jobs.pop_front();
    core.sending = false;
    --core.inputs_started;
    --core.inputs_done;
    --core.executions_started;
    --core.executions_done;
    return {index, job.tag, {}, job.started, job.executed};
}

void TableDevice::start_what_can(Chip& chip, std::size_t index, TimePoint now) {
    Core& core = chip.cores[index];
    // Two output buffers: `executions_done` counts outputs that are not out yet.
    const bool starts = !core.executing() && core.inputs_done > core.executions_started && core.executions_done < 2;
    if (starts) {
        const int program = core.jobs[core.executions_started].program, self = static_cast<int>(index);
        core.program = program;
        core.even = paces_.even(program);
        core.execution_start = now;
        ++core.executions_started;
        core.execution.begin(paces_.course(program, self), paces_.unit(program, self), now);
        core.next[kExecution] = core.execution.next();
    }
    const CoreSet bit = CoreSet{1} << index;
    const CoreSet busy = core.executing() ? chip.busy | bit : chip.busy & ~bit;
    if (starts || busy != chip.busy) {
        chip.busy = busy;
        set_paces(chip, now);
    }
    if (core.executions_done > 0 && !core.sending) {
        core.sending = true;
        core.next[kOutputReady] = now + paces_.transfers(core.jobs.front().program).output_fixed;
    }
    if (core.next[kInputStart] == kNever && core.inputs_started == core.inputs_done &&
        core.inputs_started < core.jobs.size() && core.inputs_started < core.executions_done + 2)
        core.next[kInputStart] = std::max(now, core.jobs[core.inputs_started].at);
}

void TableDevice::ready(Chip& chip, Link& link, int core, TimePoint now) {
    link.waiting.push_back(core);
    if (link.core < 0) carry_next(chip, link, now);
}

void TableDevice::carry_next(Chip& chip, Link& link, TimePoint now) {
    link.core = -1;
    if (!link.waiting.empty()) {
        link.core = link.waiting.front();
        link.waiting.pop_front();
        Core& core = chip.cores[static_cast<std::size_t>(link.core)];
        const bool in = link.event == kInputEnd;
        const int program = core.jobs[in ? core.inputs_done : 0].program;
        link.transfer.begin(in ? paces_.transfers(program).input : paces_.transfers(program).output, Paces::kUnit, now);
        core.next[link.event] = link.transfer.next();
        refresh(core);
    }
    set_paces(chip, now);
}

void TableDevice::set_paces(Chip& chip, TimePoint now) {
    moving_.clear();
    for (std::size_t c = 0; c < chip.cores.size(); ++c) {
        const Core& core = chip.cores[c];
        if (!core.executing() || !core.execution.moving()) continue;
        Moving& moving =
            moving_.emplace_back();  // filled in place: a copy of a temporary costs a third of this function
        moving.core = static_cast<int>(c);
        moving.piece = &core.execution.piece();
        moving.program = core.program;
        moving.even = core.even;
    }
    const std::size_t executions = moving_.size();
    for (const Link* link : {&chip.in, &chip.out})
        if (link->core >= 0) moving_.push_back({link->core, &link->transfer.piece()});
    paces_.find(moving_, chip.busy, new_paces_);
    for (std::size_t i = 0; i < executions; ++i) set_pace(chip, moving_[i].core, kExecution, new_paces_[i], now);
    std::size_t i = executions;
    for (const Link* link : {&chip.in, &chip.out})
        if (link->core >= 0) set_pace(chip, link->core, link->event, new_paces_[i++], now);
}

void TableDevice::set_pace(Chip& chip, int index, Event event, std::int64_t pace, TimePoint now) {
    Core& core = chip.cores[static_cast<std::size_t>(index)];
    Execution& execution = event == kExecution  ? core.execution
                           : event == kInputEnd ? chip.in.transfer
                                                : chip.out.transfer;
    if (!execution.set_pace(pace, now)) return;
    core.next[event] = execution.next();
    refresh(core);
}

}  // namespace infsim::serving
