#include "stats/trace/timeline_trace.hpp"

#include <algorithm>
#include <string>

#include "base/check.hpp"
#include "program/names.hpp"
#include "program/operands.hpp"
#include "record/share_name.hpp"
#include "stats/stall_accounts.hpp"
#include "stats/trace/dram_rate.hpp"

namespace infsim::stats {

using program::Engine;
using program::InstructionId;
using program::Purpose;
using record::TimeShare;

namespace {

/// Tracks of a core, as offsets from its first; the tracks of its queues follow.
enum Offset : std::size_t { kProcess, kInferences, kDramRate, kFill, kWeightFill, kHostIn, kHostOut, kFirstQueue };

std::string track_name(const program::Queue& queue) {
    if (queue.engine == Engine::dma)
        return "DMA " + std::to_string(queue.engine_index) + " ring " + std::to_string(queue.ring);
    std::string name{program::name(queue.engine)};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    return name;
}

std::string_view purpose_of(const InstructionFacts& facts) {
    return facts.dram_bytes == 0 ? std::string_view{} : program::name(static_cast<Purpose>(facts.purpose));
}

/// Up to this many instructions on all cores, different kinds stay separate: 35 bytes each, so about 90 MB.
constexpr std::size_t kManyInstructions = 2'500'000;

/// Which adjacent instructions of a queue may be joined into one slice.
enum class Join { nothing, same_kind, any_kind };

Join join_of(const program::Program& program, std::size_t queue, std::size_t cores) {
    if (program.queues[queue].engine == Engine::dma) return Join::nothing;
    return program::instruction_count(program) * cores <= kManyInstructions ? Join::same_kind : Join::any_kind;
}

/// Writes the work of one track, joined.
class Work {
public:
    Work(TraceWriter& writer, Join join) : writer_(writer), join_(join) {}

    void add(Slice slice) {
        if (join_ == Join::any_kind) slice.categories = {"work"};
        if (join_ != Join::nothing && instructions_ > 0 && continues(slice)) {
            open_.until = slice.until;
            ++instructions_;
            return;
        }
        close();
        open_ = std::move(slice);
        instructions_ = 1;
    }
    void close() {
        if (instructions_ > 1) open_.arguments.push_back({"instructions", instructions_});
        if (instructions_ > 0) writer_.slice(open_);
        instructions_ = 0;
    }

private:
    bool continues(const Slice& next) const {
        return open_.until == next.from && open_.name == next.name && open_.categories == next.categories &&
               next.flows_in.empty() && open_.arguments[0].value == next.arguments[0].value;
    }

    TraceWriter& writer_;
    Join join_;
    Slice open_;
    std::uint64_t instructions_ = 0;  ///< in open_
};

}  // namespace

TimelineTrace::TimelineTrace(const program::Program& program, const ProgramIndex& index, int cores, TraceWriter& writer)
    : program_(program), index_(index), writer_(writer), fill_(program), previous_(static_cast<std::size_t>(cores)) {
    for (int core = 0; core < cores; ++core) declare(core);
}

std::uint64_t TimelineTrace::track(int core, std::size_t offset) const {
    return 1 + static_cast<std::uint64_t>(core) * (kFirstQueue + program_.queues.size()) + offset;
}

void TimelineTrace::declare(int core) {
    const std::uint64_t process = track(core, kProcess);
    writer_.process(process, core + 1, "core " + std::to_string(core));
    int rank = 0;
    writer_.track(track(core, kInferences), process, "inferences", rank++);
    writer_.counter(track(core, kDramRate), process, "DRAM by DMA", "B/s", rank++);
    writer_.counter(track(core, kFill), process, "state buffer in use", "B/partition", rank++);
    writer_.counter(track(core, kWeightFill), process, "weights in state buffer", "B/partition", rank++);
    for (std::size_t q = 0; q < program_.queues.size(); ++q)
        writer_.track(track(core, kFirstQueue + q), process, track_name(program_.queues[q]), rank++);
    writer_.track(track(core, kHostIn), process, "host in", rank++);
    writer_.track(track(core, kHostOut), process, "host out", rank++);
}

void TimelineTrace::add(const InferenceTimes& times) {
    add_between(times);
    Slice whole{track(times.core, kInferences), times.first_issue, times.last_retirement, "inference", {}, {}, {}, {}};
    whole.arguments = {{"inference", times.number}};
    writer_.slice(whole);
    const Flows flows = flows_of(times);
    for (std::size_t q = 0; q < program_.queues.size(); ++q) add_queue(times, q, flows);
    add_host(times);
    add_counters(times);
    previous_[static_cast<std::size_t>(times.core)] = {times.number, times.last_retirement};
}

/// What a core waited for between the previous inference and this one.
void TimelineTrace::add_between(const InferenceTimes& times) {
    const auto& previous = previous_[static_cast<std::size_t>(times.core)];
    if (!previous || previous->number + 1 != times.number || previous->last_retirement == times.first_issue) return;
    const char* why = times.first_issue == times.input_ready ? "waits for inputs of the host"
                                                             : "waits until the host has taken outputs";
    for (std::size_t q = 0; q < program_.queues.size(); ++q)
        writer_.slice({track(times.core, kFirstQueue + q),
                       previous->last_retirement,
                       times.first_issue,
                       why,
                       {"between"},
                       {},
                       {},
                       {}});
}

/// The DMA whose retirement released this instruction, if any. As in the chip, the last to retire is the one blamed.
std::optional<InstructionId> TimelineTrace::blamed_dma(const InferenceTimes& times, std::size_t queue,
                                                       std::size_t index) const {
    const program::Waits& waits = program_.queues[queue].instructions[index].waits;
    std::optional<InstructionId> last;
    TimePoint until = TimePoint::min();
    for (int w = 0; w < waits.size(); ++w) {
        if (waits[w].count == 0) continue;
        const InstructionId id{waits[w].queue, waits[w].count - 1};
        const TimePoint at = times.queues[id.queue].instructions[id.index].retired;
        if (at <= until) continue;
        until = at;
        last = id;
    }
    if (last && program_.queues[last->queue].engine != Engine::dma) last.reset();
    return last;
}

TimelineTrace::Flows TimelineTrace::flows_of(const InferenceTimes& times) {
    Flows flows{std::vector<std::vector<FlowEnd>>(program_.queues.size()),
                std::vector<std::vector<FlowEnd>>(program_.queues.size())};
    for (std::size_t q = 0; q < program_.queues.size(); ++q) {
        if (program_.queues[q].engine == Engine::dma) continue;
        TimePoint free = times.first_issue;
        std::optional<InstructionId> dma;  // a Sync takes no time and passes it on to the next instruction
        for (std::size_t i = 0; i < times.queues[q].instructions.size(); ++i) {
            const InstructionTimes& t = times.queues[q].instructions[i];
            if (t.issued > free)
                if (const auto blamed = blamed_dma(times, q, i)) dma = blamed;
            free = t.free;
            if (!dma || t.free == t.issued) continue;
            flows.out[dma->queue].push_back({dma->index, ++flows_});
            flows.in[q].push_back({i, flows_});
            dma.reset();
        }
    }
    for (auto& ring : flows.out) std::sort(ring.begin(), ring.end());
    return flows;
}

Slice TimelineTrace::work_slice(std::size_t queue, std::size_t index, std::uint64_t track) const {
    const InstructionFacts& facts = index_.queue(queue)[index];
    Slice slice;
    slice.track = track;
    slice.name = program_.layers[facts.layer].name;
    slice.categories = {program::mnemonic(program_.queues[queue].instructions[index].op), purpose_of(facts)};
    slice.arguments.push_back({"image", facts.image});
    if (facts.dram_bytes > 0) slice.arguments.push_back({"bytes", facts.dram_bytes});
    return slice;
}

/// Everything a queue did in an inference, from its first issue to its last retirement.
void TimelineTrace::add_queue(const InferenceTimes& times, std::size_t queue, const Flows& flows) {
    const std::uint64_t track = this->track(times.core, kFirstQueue + queue);
    Work work(writer_, join_of(program_, queue, previous_.size()));
    auto out = flows.out[queue].begin(), in = flows.in[queue].begin();
    TimePoint free = times.first_issue;
    for (std::size_t i = 0; i < times.queues[queue].instructions.size(); ++i) {
        const InstructionTimes& t = times.queues[queue].instructions[i];
        INFSIM_CHECK(t.issued >= free && t.free >= t.issued, "the times of a queue overlap");
        if (t.issued > free) {
            work.close();
            add_wait(track, free, t.issued, t.why);
        }
        free = t.free;
        if (t.free == t.issued) continue;
        Slice slice = work_slice(queue, i, track);
        slice.from = t.issued;
        slice.until = t.free;
        for (; out != flows.out[queue].end() && out->index == i; ++out) slice.flows_out.push_back(out->number);
        for (; in != flows.in[queue].end() && in->index == i; ++in) slice.flows_in.push_back(in->number);
        work.add(std::move(slice));
    }
    work.close();
    if (free < times.last_retirement) add_wait(track, free, times.last_retirement, observe::Stall::drained);
}

void TimelineTrace::add_wait(std::uint64_t track, TimePoint from, TimePoint until, observe::Stall why) {
    const TimeShare share = share_of(why);
    const std::string name = share == TimeShare::drained ? "drained" : "waits for " + share_in_words(share);
    writer_.slice({track, from, until, name, {record::share_name(share)}, {}, {}, {}});
}

void TimelineTrace::add_host(const InferenceTimes& times) {
    for (const HostTransferTimes& t : times.host) {
        Slice slice;
        slice.track = track(times.core, t.to_device ? kHostIn : kHostOut);
        slice.from = t.from;
        slice.until = t.until;
        slice.name = t.to_device ? "inputs" : "outputs";
        slice.categories = {"host"};
        slice.arguments = {{"inference", times.number}, {"bytes", static_cast<std::uint64_t>(t.bytes)}};
        writer_.slice(slice);
    }
}

void TimelineTrace::add_counters(const InferenceTimes& times) {
    for (const RateStep& step : dram_rate(index_, times))
        writer_.count(track(times.core, kDramRate), step.at, step.bytes_per_second);
    std::int64_t bytes = -1, weights = -1;
    for (const FillStep& step : fill_.steps(times)) {
        if (step.bytes != bytes) writer_.count(track(times.core, kFill), step.at, step.bytes);
        if (step.weight_bytes != weights) writer_.count(track(times.core, kWeightFill), step.at, step.weight_bytes);
        bytes = step.bytes;
        weights = step.weight_bytes;
    }
}

}  // namespace infsim::stats
