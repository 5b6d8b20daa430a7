#include "chip/core_data.hpp"

#include <algorithm>
#include <tuple>

#include "base/check.hpp"

namespace infsim::chip {

using program::InstructionId;
using program::Purpose;

bool CoreData::Later::operator()(const Event& a, const Event& b) const {
    return std::make_tuple(a.at, a.issue, a.id.queue, a.id.index) >
           std::make_tuple(b.at, b.issue, b.id.queue, b.id.index);
}

CoreData::CoreData(std::shared_ptr<const program::Program> program, SegmentBytes contents)
    : program_(std::move(program)), state_(*program_), in_flight_(program_->queues.size()) {
    const auto& segments = program_->segments;
    INFSIM_CHECK(contents.size() <= segments.size(), "contents of more segments than the program has");
    for (std::size_t s = 0; s < contents.size(); ++s) {
        if (contents[s].empty()) continue;
        INFSIM_CHECK(static_cast<std::int64_t>(contents[s].size()) == segments[s].bytes,
                     "contents of another size than segment '" + segments[s].name + "'");
        state_.memory.dram[s] = std::move(contents[s]);
    }
    exec::load_static(*program_, state_.memory);
    for (SegmentBytes& buffer : host_)
        for (const auto& s : segments) {
            const bool host = s.purpose == Purpose::input || s.purpose == Purpose::output;
            buffer.emplace_back(host ? static_cast<std::size_t>(s.bytes) : 0);
        }
}

std::vector<std::byte>& CoreData::segment(std::uint32_t segment, int buffer) {
    return buffer == 0 ? state_.memory.dram[segment] : host_[static_cast<std::size_t>(buffer - 1)][segment];
}

void CoreData::swap_with_host(Purpose purpose, std::uint64_t inference) {
    for (std::uint32_t s = 0; s < program_->segments.size(); ++s)
        if (program_->segments[s].purpose == purpose) segment(s).swap(segment(s, host_buffer(inference)));
}

void CoreData::begin(std::uint64_t inference) {
    state_.tracker.emplace(*program_);
    state_.tracker->note_static_loads(*program_);
    state_.stationary = {};
    swap_with_host(Purpose::input, inference);
}

void CoreData::issue(InstructionId id, TimePoint at) {
    if (!std::holds_alternative<program::Sync>(program::at(*program_, id).op)) events_.push({at, true, id});
}

void CoreData::retire(InstructionId id, TimePoint at) {
    if (!std::holds_alternative<program::Sync>(program::at(*program_, id).op)) events_.push({at, false, id});
}

void CoreData::apply(const Event& event) {
    auto& queue = in_flight_[event.id.queue];
    if (event.issue) {
        queue.push_back(exec::read_sources(*program_, event.id, state_, exec::DramSide::carrier));
        return;
    }
    // Queues retire in order.
    INFSIM_CHECK(!queue.empty() && queue.front().id == event.id,
                 "an instruction retires that is not its queue's oldest");
    exec::write(*program_, queue.front(), state_, exec::DramSide::carrier);
    queue.pop_front();
}

void CoreData::apply_until(TimePoint at) {
    while (!events_.empty() && events_.top().at <= at) {
        const Event event = events_.top();
        events_.pop();
        apply(event);
    }
}

exec::Effect& CoreData::in_flight(InstructionId id, TimePoint issued) {
    apply_until(issued);
    auto& queue = in_flight_[id.queue];
    const auto it = std::find_if(queue.begin(), queue.end(), [&](const exec::Effect& e) { return e.id == id; });
    INFSIM_CHECK(it != queue.end(), "an instruction that has not issued, or has retired, was expected in flight");
    return *it;
}

void CoreData::finish(std::uint64_t inference) {
    apply_until(TimePoint::max());
    for (const auto& queue : in_flight_) INFSIM_CHECK(queue.empty(), "an inference ends with instructions under way");
    swap_with_host(Purpose::output, inference);
}

}  // namespace infsim::chip
