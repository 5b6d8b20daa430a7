#include "stats/trace/writer.hpp"

#include <map>

#include <perfetto_trace.pb.h>

#include "base/check.hpp"

namespace infsim::stats {

namespace {

using perfetto::protos::InternedData;
using perfetto::protos::InternedName;
using perfetto::protos::TracePacket;
using perfetto::protos::TrackDescriptor;
using perfetto::protos::TrackEvent;

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::uint32_t kSequence = 1;  ///< all packets come from one writer and share its name numbers
constexpr std::uint32_t kStateCleared = 1, kNeedsState = 2;

/// To the nearest nanosecond; simulated times are never negative.
std::uint64_t nanoseconds_of(TimePoint t) {
    return (static_cast<std::uint64_t>(t.time_since_epoch().count()) + 500) / 1000;
}

/// Numbers the names of one kind.
class Names {
public:
    /// The number of `name`; a new one is added to `fresh`.
    template <class AddFresh>
    std::uint64_t number(std::string_view name, AddFresh add_fresh) {
        const auto found = numbers_.find(name);
        if (found != numbers_.end()) return found->second;
        const std::uint64_t number = numbers_.size() + 1;  // 0 means none
        numbers_.emplace(std::string(name), number);
        InternedName& entry = *add_fresh();
        entry.set_iid(number);
        entry.set_name(std::string(name));
        return number;
    }

private:
    std::map<std::string, std::uint64_t, std::less<>> numbers_;
};

}  // namespace

struct TraceWriter::Impl {
    Sink sink;
    std::string pending;
    TracePacket packet;  ///< reused, so that its parts stay allocated
    Names names, categories, arguments;

    /// An empty event packet at `at`.
    TrackEvent& event(std::uint64_t track, TrackEvent::Type type, TimePoint at) {
        packet.Clear();
        packet.set_timestamp(nanoseconds_of(at));
        packet.set_trusted_packet_sequence_id(kSequence);
        packet.set_sequence_flags(kNeedsState);
        TrackEvent& event = *packet.mutable_track_event();
        event.set_type(type);
        event.set_track_uuid(track);
        return event;
    }

    TrackDescriptor& descriptor(std::uint64_t track) {
        packet.Clear();
        packet.set_trusted_packet_sequence_id(kSequence);
        TrackDescriptor& descriptor = *packet.mutable_track_descriptor();
        descriptor.set_uuid(track);
        return descriptor;
    }

    TrackDescriptor& child(std::uint64_t track, std::uint64_t process, const std::string& name, int rank) {
        TrackDescriptor& child = descriptor(track);
        child.set_parent_uuid(process);
        child.set_name(name);
        child.set_sibling_order_rank(rank);
        return child;
    }

    /// Writes field 1 of Trace, as if all packets were one message.
    void put() {
        const std::size_t size = packet.ByteSizeLong();
        INFSIM_CHECK(size < kPiece, "a trace packet is too long");
        pending += '\x0A';
        for (std::size_t rest = size;; rest >>= 7U) {
            pending += static_cast<char>(rest < 0x80 ? rest : (rest & 0x7FU) | 0x80U);
            if (rest < 0x80) break;
        }
        packet.AppendToString(&pending);
        if (pending.size() >= kPiece) hand_over();
    }

    void hand_over() {
        if (!pending.empty()) sink(pending);
        pending.clear();
    }
};

TraceWriter::TraceWriter(Sink sink) : impl_(std::make_unique<Impl>()) {
    impl_->sink = std::move(sink);
    impl_->packet.set_trusted_packet_sequence_id(kSequence);
    impl_->packet.set_sequence_flags(kStateCleared);
    impl_->put();
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::process(std::uint64_t track, int pid, const std::string& name) {
    TrackDescriptor& descriptor = impl_->descriptor(track);
    descriptor.set_child_ordering(TrackDescriptor::EXPLICIT);
    descriptor.mutable_process()->set_pid(pid);
    descriptor.mutable_process()->set_process_name(name);
    impl_->put();
}

void TraceWriter::track(std::uint64_t track, std::uint64_t process, const std::string& name, int rank) {
    impl_->child(track, process, name, rank);
    impl_->put();
}

void TraceWriter::counter(std::uint64_t track, std::uint64_t process, const std::string& name, const std::string& unit,
                          int rank) {
    impl_->child(track, process, name, rank).mutable_counter()->set_unit_name(unit);
    impl_->put();
}

void TraceWriter::slice(const Slice& slice) {
    TrackEvent& begin = impl_->event(slice.track, TrackEvent::TYPE_SLICE_BEGIN, slice.from);
    const auto fresh = [&] { return impl_->packet.mutable_interned_data(); };
    begin.set_name_iid(impl_->names.number(slice.name, [&] { return fresh()->add_event_names(); }));
    for (const std::string_view category : slice.categories)
        if (!category.empty())
            begin.add_category_iids(
                impl_->categories.number(category, [&] { return fresh()->add_event_categories(); }));
    for (const Slice::Argument& argument : slice.arguments) {
        auto& annotation = *begin.add_debug_annotations();
        annotation.set_name_iid(
            impl_->arguments.number(argument.name, [&] { return fresh()->add_debug_annotation_names(); }));
        annotation.set_uint_value(argument.value);
    }
    for (const std::uint64_t flow : slice.flows_out) begin.add_flow_ids(flow);
    for (const std::uint64_t flow : slice.flows_in) begin.add_terminating_flow_ids(flow);
    impl_->put();
    impl_->event(slice.track, TrackEvent::TYPE_SLICE_END, slice.until);
    impl_->put();
}

void TraceWriter::count(std::uint64_t track, TimePoint at, std::int64_t value) {
    impl_->event(track, TrackEvent::TYPE_COUNTER, at).set_counter_value(value);
    impl_->put();
}

void TraceWriter::flush() { impl_->hand_over(); }

}  // namespace infsim::stats
