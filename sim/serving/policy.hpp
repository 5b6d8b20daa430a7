// What a batching policy is: it makes batches of the compiled sizes out of requests of any size. policies/ has them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

/// So many items of one request; requests are numbered by the server, which reuses numbers of finished ones.
struct Part {
    std::int32_t request = 0;
    std::int32_t items = 0;
};

/// What one inference carries: `items` real ones in a program of `capacity`; the rest is zeros at full cost.
struct Batch {
    int program = 0;  ///< index into the server's compiled sizes
    std::int32_t capacity = 0, items = 0;
    std::vector<Part> parts;
};

/// One policy. The server calls arrive() in order of time, and whenever a core could take work asks ready() and, on
/// a yes, take(). A policy holds every item exactly once until it gave it away.
class Policy {
public:
    virtual ~Policy() = default;

    /// A request is there, completely.
    virtual void arrive(std::int32_t request, std::int32_t items, TimePoint now) = 0;
    /// The program that the next batch would run, if a batch may leave at `now`.
    virtual std::optional<int> ready(TimePoint now) = 0;
    /// Fills `batch` (cleared) with that batch. Only after ready() said yes at the same `now`.
    virtual void take(TimePoint now, Batch& batch) = 0;
    /// A batch's results are at the host.
    virtual void finished(const Batch&, TimePoint) {}
    /// When ready() may turn to yes without anything else happening; empty when it will not.
    virtual std::optional<TimePoint> deadline() const { return std::nullopt; }
};

}  // namespace infsim::serving
