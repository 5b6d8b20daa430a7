// Batching policies: how requests of any size become batches of the compiled sizes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
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

/// AWS's TensorFlow runtime: a request is padded to a multiple of B and cut into shards of B. Its first shard runs
/// alone, the rest concurrently once it is back. Requests do not share shards.
struct NeuronOptions {};

/// Triton's dynamic batcher: whole requests in order of arrival, up to `max_batch_size` items. A batch leaves when a
/// preferred size can be formed (the largest that can), when no further request fits, or when the oldest request has
/// waited `max_queue_delay`.
struct QueueOptions {
    std::int32_t max_batch_size = 1;
    std::vector<std::int32_t> preferred_batch_size;  ///< ascending
    Duration max_queue_delay{};
};

/// TensorFlow Serving's batching: up to `max_batch_size` items, a batch leaves when it is full or its first task has
/// waited `batch_timeout`, padded to the next size that is compiled. With `split_large` requests fill batches
/// exactly and may be larger than one (enable_large_batch_splitting).
struct AllowedSizesOptions {
    std::int32_t max_batch_size = 1;
    Duration batch_timeout{};
    bool split_large = false;
};

/// No batching: each request by itself, at once, in the smallest program that holds it; larger ones are cut into
/// shards of the largest program.
struct NoneOptions {};

using PolicyOptions = std::variant<NeuronOptions, QueueOptions, AllowedSizesOptions, NoneOptions>;

/// "neuron", "queue", "allowed_sizes", "none".
std::string policy_name(const PolicyOptions& options);

/// The most items that one request may have under the policy; empty: any number.
std::optional<std::int32_t> largest_request(const PolicyOptions& options);

/// `sizes`: the compiled batch sizes, ascending; at least one, and the largest holds the policy's max_batch_size.
/// The neuron policy needs exactly one.
std::unique_ptr<Policy> make_policy(const PolicyOptions& options, const std::vector<int>& sizes);

}  // namespace infsim::serving
