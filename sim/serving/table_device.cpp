#include "serving/table_device.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace infsim::serving {

namespace {

/// ceil(remaining x to / from).
Duration rescaled(Duration remaining, Duration from, Duration to) {
    const auto product = static_cast<Int128>(remaining.count()) * to.count();
    return Duration{static_cast<std::int64_t>((product + from.count() - 1) / from.count())};
}

}  // namespace

TableDevice::TableDevice(ServiceTimes& times, int chips, int cores_per_chip)
    : times_(times), chips_(static_cast<std::size_t>(chips)), cores_per_chip_(cores_per_chip), paces_(times, cores_per_chip) {
    INFSIM_CHECK(chips > 0 && cores_per_chip > 0 && cores_per_chip <= kMaxCoresPerChip, "a server has 1 to 64 cores a chip");
    for (Chip& chip : chips_) chip.cores.resize(static_cast<std::size_t>(cores_per_chip));
}

const Transfers& TableDevice::transfers(int program) {
    const auto p = static_cast<std::size_t>(program);
    if (transfers_.size() <= p) transfers_.resize(p + 1);
    if (!transfers_[p]) transfers_[p] = times_.transfers(program);
    return *transfers_[p];
}

void TableDevice::submit(int core, int program, std::int32_t tag, TimePoint at) {
    Chip& chip = chips_[static_cast<std::size_t>(core / cores_per_chip_)];
    Core& c = chip.cores[static_cast<std::size_t>(core % cores_per_chip_)];
    INFSIM_CHECK(c.jobs.empty() || c.jobs.back().program == program, "a core changes its program with work outstanding");
    c.jobs.push_back({tag, program, at});
    if (c.inputs_started == c.inputs_done && c.inputs_started == c.jobs.size() - 1 && c.inputs_started < c.executions_done + 2)
        c.next[kInputStart] = at;
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

void TableDevice::find_next(Chip& chip) {
    chip.next = kNever;
    for (std::size_t c = 0; c < chip.cores.size(); ++c)
        for (int e = 0; e < kEvents; ++e)
            if (chip.cores[c].next[static_cast<std::size_t>(e)] < chip.next) {
                chip.next = chip.cores[c].next[static_cast<std::size_t>(e)];
                chip.next_core = static_cast<int>(c);
                chip.next_event = e;
            }
}

std::optional<Finished> TableDevice::handle(std::size_t index, TimePoint now) {
    Chip& chip = chips_[index];
    const int number = static_cast<int>(index) * cores_per_chip_ + chip.next_core;
    Core& core = chip.cores[static_cast<std::size_t>(chip.next_core)];
    core.next[static_cast<std::size_t>(chip.next_event)] = kNever;
    std::optional<Finished> finished;
    switch (chip.next_event) {
        case kOutputEnd: finished = finish_output(core, number, now); break;
        case kPieceEnd: finish_piece(chip, core, now); break;
        case kInputEnd: ++core.inputs_done; break;
        case kInputStart: start_input(chip, core, now); break;
    }
    start_what_can(chip, core, now);
    find_next(chip);
    return finished;
}

void TableDevice::begin_piece(Core& core, int index, TimePoint now) {
    const int program = core.jobs[core.executions_done].program;
    // At the pace of the program alone; set_paces brings it to the present one.
    core.pace = paces_.alone(program, index);
    core.remaining = paces_.piece(program, index, core.piece);
    core.since = now;
    core.next[kPieceEnd] = now + core.remaining;
}

void TableDevice::finish_piece(Chip& chip, Core& core, TimePoint now) {
    if (++core.piece < paces_.pieces(core.jobs[core.executions_done].program)) {
        begin_piece(core, chip.next_core, now);
        set_paces(chip, now);
        return;
    }
    core.jobs[core.executions_done].executed = now - core.execution_start;
    ++core.executions_done;
}

Finished TableDevice::finish_output(Core& core, int index, TimePoint now) {
    const Job job = core.jobs.front();
    core.jobs.pop_front();
    core.sending = false;
    --core.inputs_started;
    --core.inputs_done;
    --core.executions_started;
    --core.executions_done;
    return {index, job.tag, now, job.executed};
}

void TableDevice::start_what_can(Chip& chip, Core& core, TimePoint now) {
    // Two output buffers: `executions_done` counts outputs that are not out yet.
    const bool starts = !core.executing() && core.inputs_done > core.executions_started && core.executions_done < 2;
    if (starts) start_execution(core, now);
    const auto self = static_cast<std::size_t>(&core - chip.cores.data());
    const CoreSet bit = CoreSet{1} << self;
    const CoreSet busy = core.executing() ? chip.busy | bit : chip.busy & ~bit;
    if (starts) begin_piece(core, static_cast<int>(self), now);
    if (starts || busy != chip.busy) {
        chip.busy = busy;
        set_paces(chip, now);
    }
    if (core.executions_done > 0 && !core.sending) start_output(chip, core, now);
    if (core.next[kInputStart] == kNever && core.inputs_started == core.inputs_done &&
        core.inputs_started < core.jobs.size() && core.inputs_started < core.executions_done + 2)
        core.next[kInputStart] = std::max(now, core.jobs[core.inputs_started].at);
}

void TableDevice::start_input(Chip& chip, Core& core, TimePoint now) {
    const Transfers& t = transfers(core.jobs[core.inputs_started].program);
    const TimePoint end = std::max(now + t.input_fixed, chip.in_free) + t.input_wire;
    chip.in_free = end;
    ++core.inputs_started;
    core.next[kInputEnd] = end;
}

void TableDevice::start_output(Chip& chip, Core& core, TimePoint now) {
    const Transfers& t = transfers(core.jobs.front().program);
    const TimePoint end = std::max(now + t.output_fixed, chip.out_free) + t.output_wire;
    chip.out_free = end;
    core.sending = true;
    core.next[kOutputEnd] = end;
}

void TableDevice::start_execution(Core& core, TimePoint now) {
    core.execution_start = now;
    core.piece = 0;
    ++core.executions_started;
}

void TableDevice::set_paces(Chip& chip, TimePoint now) {
    running_.clear();
    for (std::size_t c = 0; c < chip.cores.size(); ++c)
        if (const Core& core = chip.cores[c]; core.executing())
            running_.push_back({static_cast<int>(c), core.jobs[core.executions_done].program, core.piece});
    paces_.paces(running_, chip.busy, new_paces_);
    for (std::size_t i = 0; i < running_.size(); ++i) {
        Core& core = chip.cores[static_cast<std::size_t>(running_[i].core)];
        if (new_paces_[i] == core.pace) continue;
        core.remaining = rescaled(core.remaining - (now - core.since), core.pace, new_paces_[i]);
        core.since = now;
        core.pace = new_paces_[i];
        core.next[kPieceEnd] = now + core.remaining;
    }
}

}  // namespace infsim::serving
