#include "stats/trace/recorder.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace infsim::stats {

using observe::InferencePhase;

std::int64_t times_bytes(const program::Program& program) {
    std::size_t bytes = 0;
    for (const program::Queue& queue : program.queues)
        bytes += queue.instructions.size() *
                 (sizeof(InstructionTimes) + (queue.engine == program::Engine::dma ? sizeof(TransferTimes) : 0));
    return static_cast<std::int64_t>(bytes);
}

TraceRecorder::TraceRecorder(const program::Program& program, std::vector<PossibleEnds> ends, TraceWindow window,
                             Consumer consumer)
    : program_(program), window_(window), consumer_(std::move(consumer)), cores_(ends.size()) {
    for (std::size_t c = 0; c < ends.size(); ++c) cores_[c].ends = ends[c];
}

/// Whether the inference may be in the window, judging by its number.
bool TraceRecorder::may_be_wanted(const Core& core, std::uint64_t number) const {
    if (over_) return false;
    const auto* last = std::get_if<LastInferences>(&window_);
    if (last == nullptr) return true;
    const auto count = static_cast<std::uint64_t>(last->count);
    if (number < core.ends.first) return number + count >= core.ends.first;
    return (number - core.ends.first) % core.ends.step + count >= core.ends.step;
}

observe::Attention TraceRecorder::attention(std::uint16_t core, std::uint64_t inference) const {
    const Core& c = cores_.at(core);
    if (c.executing == nullptr || c.executing->number != inference) return observe::Attention::none();
    return {};
}

InferenceTimes* TraceRecorder::find(std::size_t core, std::uint64_t number) {
    for (const Times& times : cores_[core].all)
        if (times->number == number) return times.get();
    return nullptr;
}

InferenceTimes& TraceRecorder::find_or_add(std::size_t core, std::uint64_t number) {
    if (InferenceTimes* times = find(core, number)) return *times;
    auto times = std::make_unique<InferenceTimes>();
    times->core = static_cast<int>(core);
    times->number = number;
    cores_[core].all.push_back(std::move(times));
    return *cores_[core].all.back();
}

InstructionTimes* TraceRecorder::times_of(const observe::InstructionRef& who) {
    InferenceTimes* times = cores_[who.core].executing;
    if (times == nullptr || times->number != who.inference) return nullptr;
    return &times->queues[who.queue].instructions[who.index];
}

void TraceRecorder::on(const observe::Issued& event) {
    if (InstructionTimes* times = times_of(event.who)) {
        times->issued = event.at;
        times->free = event.busy_until;
    }
}

void TraceRecorder::on(const observe::Blocked& event) {
    if (InstructionTimes* times = times_of(event.who)) times->why = event.why;
}

void TraceRecorder::on(const observe::Retired& event) {
    if (InstructionTimes* times = times_of(event.who)) times->retired = event.at;
}

void TraceRecorder::on(const observe::Transferred& event) {
    if (times_of(event.who) != nullptr)
        cores_[event.who.core].executing->queues[event.who.queue].transfers[event.who.index] = {event.from,
                                                                                                event.until};
}

void TraceRecorder::on(const observe::HostTransferred& event) {
    const HostTransferTimes transfer{event.to_device, event.bytes.count(), event.from, event.until};
    if (event.to_device && may_be_wanted(cores_[event.core], event.inference))
        find_or_add(event.core, event.inference).host.push_back(transfer);
    if (!event.to_device)
        if (InferenceTimes* times = find(event.core, event.inference)) times->host.push_back(transfer);
}

void TraceRecorder::on(const observe::InferenceEvent& event) {
    const std::size_t core = event.core;
    switch (event.phase) {
        case InferencePhase::submitted: return;
        case InferencePhase::input_ready:
            if (may_be_wanted(cores_[core], event.inference)) find_or_add(core, event.inference).input_ready = event.at;
            return;
        case InferencePhase::first_issue: start(core, event); return;
        case InferencePhase::last_retirement:
            if (cores_[core].executing != nullptr) cores_[core].executing->last_retirement = event.at;
            cores_[core].executing = nullptr;
            return;
        case InferencePhase::output_done: finish_one(core, event.inference); return;
    }
    internal_error(__FILE__, __LINE__, "unknown phase");
}

/// Reuses the vectors of a forgotten inference, or makes new ones. Every time will be overwritten.
void TraceRecorder::give_room(InferenceTimes& times) {
    if (!spare_.empty()) {
        times.queues = std::move(spare_.back());
        spare_.pop_back();
        return;
    }
    times.queues.resize(program_.queues.size());
    for (std::size_t q = 0; q < times.queues.size(); ++q) {
        times.queues[q].instructions.resize(program_.queues[q].instructions.size());
        if (program_.queues[q].engine == program::Engine::dma)
            times.queues[q].transfers.resize(program_.queues[q].instructions.size());
    }
}

void TraceRecorder::start(std::size_t core, const observe::InferenceEvent& event) {
    const auto* span = std::get_if<TimeSpan>(&window_);
    const bool too_late = span != nullptr && event.at >= span->until;
    InferenceTimes* times = find(core, event.inference);
    if (times == nullptr || too_late || over_) return;
    times->first_issue = event.at;
    give_room(*times);
    cores_[core].executing = times;
}

void TraceRecorder::finish_one(std::size_t core, std::uint64_t number) {
    cores_[core].finished = number + 1;
    if (over_) return;
    if (const auto* span = std::get_if<TimeSpan>(&window_)) {
        const InferenceTimes* times = find(core, number);
        if (times != nullptr && !times->queues.empty() && times->last_retirement > span->from) {
            consumer_(*times);
            ++handed_over_;
        }
        forget_before(cores_[core], number + 1);
    } else {
        forget_before_last_common_end();
    }
}

/// A measurement ends no earlier than the last possible end that all cores have reached: forgets what only earlier
/// ends need.
void TraceRecorder::forget_before_last_common_end() {
    std::uint64_t passed = std::numeric_limits<std::uint64_t>::max();
    for (const Core& core : cores_) {
        if (core.finished < core.ends.first) return;
        passed = std::min(passed, (core.finished - core.ends.first) / core.ends.step);
    }
    const auto count = static_cast<std::uint64_t>(std::get<LastInferences>(window_).count);
    for (Core& core : cores_) {
        const std::uint64_t end = core.ends.first + passed * core.ends.step;
        forget_before(core, end - std::min(end, count));
    }
}

void TraceRecorder::forget_before(Core& core, std::uint64_t number) {
    while (!core.all.empty() && core.all.front()->number < number) {
        INFSIM_CHECK(core.all.front().get() != core.executing, "an inference is forgotten while it runs");
        if (!core.all.front()->queues.empty()) spare_.push_back(std::move(core.all.front()->queues));
        core.all.pop_front();
    }
}

std::size_t TraceRecorder::finish(const std::vector<std::uint64_t>& last) {
    over_ = true;
    const auto* wanted = std::get_if<LastInferences>(&window_);
    for (std::size_t c = 0; c < cores_.size(); ++c) {
        if (wanted == nullptr) break;
        for (const Times& times : cores_[c].all)
            if (times->number <= last[c] && times->number + static_cast<std::uint64_t>(wanted->count) > last[c]) {
                consumer_(*times);
                ++handed_over_;
            }
    }
    for (Core& core : cores_) {
        core.executing = nullptr;
        core.all.clear();
    }
    spare_.clear();
    return handed_over_;
}

std::size_t TraceRecorder::kept() const {
    std::size_t most = 0;
    for (const Core& core : cores_) most += core.all.size();
    return most;
}

}  // namespace infsim::stats
