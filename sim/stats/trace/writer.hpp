// A timeline in Perfetto's trace format, written as it is told.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace infsim::stats {

/// A slice of a track. Times are rounded to the nanosecond, the format's unit, so that slices that touch still do.
struct Slice {
    std::uint64_t track = 0;
    TimePoint from{}, until{};
    std::string_view name;
    std::array<std::string_view, 2> categories{};  ///< empty ones are left out
    struct Argument {
        std::string_view name;
        std::uint64_t value = 0;
    };
    std::vector<Argument> arguments;
    std::vector<std::uint64_t> flows_out;  ///< each number starts at one slice and ends at one that begins later
    std::vector<std::uint64_t> flows_in;
};

/// Encodes packets and hands them over in pieces of some 64 KiB; memory does not grow with the trace, but for each
/// different name, which is written once and referred to by number. Slices of a track come in time order and do not
/// overlap; tracks may come in any order.
class TraceWriter {
public:
    using Sink = std::function<void(std::string_view)>;
    explicit TraceWriter(Sink sink);
    ~TraceWriter();
    TraceWriter(const TraceWriter&) = delete;
    TraceWriter& operator=(const TraceWriter&) = delete;

    /// A process and what belongs to it. Tracks are numbered by the caller, from 1, and declared before they are used.
    /// `rank`: the order among those of a process, which viewers may follow.
    void process(std::uint64_t track, int pid, const std::string& name);
    void track(std::uint64_t track, std::uint64_t process, const std::string& name, int rank);
    void counter(std::uint64_t track, std::uint64_t process, const std::string& name, const std::string& unit,
                 int rank);

    void slice(const Slice& slice);
    /// From `at` on the counter has this value.
    void count(std::uint64_t track, TimePoint at, std::int64_t value);

    /// Hands over what is left.
    void flush();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace infsim::stats
