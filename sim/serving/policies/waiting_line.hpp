// Waiting requests, shared by several policies.
#pragma once

#include <deque>
#include <utility>

#include "serving/policy.hpp"

namespace infsim::serving {

/// The smallest of `sizes` (ascending) that holds `items`; the largest if none does.
int program_for(const std::vector<int>& sizes, std::int32_t items);

/// Waiting items of one request.
struct Waiting {
    std::int32_t request = 0, items = 0;
    TimePoint since{};
};

/// Waiting requests in order of arrival; batches take items of the oldest first.
class WaitingLine {
public:
    explicit WaitingLine(std::vector<int> sizes) : sizes_(std::move(sizes)) {}
    bool empty() const { return line_.empty(); }
    std::int64_t items() const { return items_; }
    TimePoint since() const { return line_.front().since; }  ///< of the oldest
    auto begin() const { return line_.begin(); }
    auto end() const { return line_.end(); }
    void arrive(std::int32_t request, std::int32_t items, TimePoint now);
    /// The program of a batch of this many items; none for 0.
    std::optional<int> program(std::int32_t items) const;
    /// Moves the first `items` into `batch`; the rest of the last request keeps waiting.
    void take(std::int32_t items, Batch& batch);

private:
    std::vector<int> sizes_;
    std::deque<Waiting> line_;
    std::int64_t items_ = 0;
};

/// A policy with one line whose batches may share requests; next_size() chooses the batch.
class LinePolicy : public Policy {
public:
    /// `delay`: how long the oldest request waits for others at most.
    LinePolicy(std::vector<int> sizes, Duration delay) : line_(std::move(sizes)), delay_(delay) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) final { line_.arrive(request, items, now); }
    std::optional<int> ready(TimePoint now) final { return line_.program(items_at(now)); }
    void take(TimePoint now, Batch& batch) final { line_.take(items_at(now), batch); }
    std::optional<TimePoint> deadline() const final {
        return line_.empty() ? std::nullopt : std::optional{line_.since() + delay_};
    }

protected:
    /// Items of the batch that may leave the non-empty line; 0: none. `late`: the oldest request has waited the delay.
    virtual std::int32_t next_size(const WaitingLine& line, bool late) const = 0;

private:
    std::int32_t items_at(TimePoint now) const {
        return line_.empty() ? 0 : next_size(line_, now >= line_.since() + delay_);
    }

    WaitingLine line_;
    Duration delay_;
};

}  // namespace infsim::serving
