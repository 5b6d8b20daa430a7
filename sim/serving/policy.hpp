// The interface of batching policies, which form batches of the compiled sizes from requests of any size (policies/).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/units.hpp"

namespace infsim::serving {

/// A number of items of one request. The server numbers requests and reuses the numbers of finished ones.
struct Part {
    std::int32_t request = 0;
    std::int32_t items = 0;
};

/// The content of one inference: `items` real items in a program of `capacity`; the rest is zeros at full cost.
struct Batch {
    int program = 0;  ///< index into the server's compiled sizes
    std::int32_t capacity = 0, items = 0;
    std::vector<Part> parts;
};

/// One policy. The server calls arrive() in order of time. Whenever a core could take work it calls ready() and, if a
/// batch is ready, take(). A policy holds every item exactly once until it gives it away.
class Policy {
public:
    virtual ~Policy() = default;

    /// A request has arrived completely.
    virtual void arrive(std::int32_t request, std::int32_t items, TimePoint now) = 0;
    /// The program that the next batch would run, if a batch may leave at `now`.
    virtual std::optional<int> ready(TimePoint now) = 0;
    /// Fills `batch` (cleared) with that batch. Only after ready() returned a program at the same `now`.
    virtual void take(TimePoint now, Batch& batch) = 0;
    /// A batch's results have reached the host.
    virtual void finished(const Batch&, TimePoint) {}
    /// When ready() may change without any other event; empty if it will not.
    virtual std::optional<TimePoint> deadline() const { return std::nullopt; }
};

}  // namespace infsim::serving
