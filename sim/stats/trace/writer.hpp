// A timeline in Perfetto's trace format, written event by event.
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

/// A slice of a track. Times are rounded to the nanosecond, the format's unit, so that adjacent slices stay adjacent.
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

/// Encodes packets and hands them over in pieces of about 64 KiB. Memory grows only with the number of distinct names;
/// each is written once and then referred to by number. Slices of a track come in time order and do not
/// overlap; tracks may come in any order.
class TraceWriter {
public:
    using Sink = std::function<void(std::string_view)>;
    explicit TraceWriter(Sink sink);
    ~TraceWriter();
    TraceWriter(const TraceWriter&) = delete;
    TraceWriter& operator=(const TraceWriter&) = delete;

    /// A process and its tracks. The caller numbers tracks from 1 and declares them before use. `rank`: the order among
    /// the tracks of a process, which viewers may follow.
    void process(std::uint64_t track, int pid, const std::string& name);
    void track(std::uint64_t track, std::uint64_t process, const std::string& name, int rank);
    void counter(std::uint64_t track, std::uint64_t process, const std::string& name, const std::string& unit,
                 int rank);

    void slice(const Slice& slice);
    /// From `at` on the counter has this value.
    void count(std::uint64_t track, TimePoint at, std::int64_t value);

    /// Hands over the rest.
    void flush();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace infsim::stats
