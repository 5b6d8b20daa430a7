// The policies themselves; policy.hpp says what each does.
#pragma once

#include <deque>

#include "serving/policy.hpp"

namespace infsim::serving {

/// The smallest of `sizes` (ascending) that holds `items`; the largest if none does.
int program_for(const std::vector<int>& sizes, std::int32_t items);

/// Items of one request that wait.
struct Waiting {
    std::int32_t request = 0, items = 0;
    TimePoint since{};
};

/// Requests that wait in order of arrival, for batches of items of the oldest.
class WaitingLine {
public:
    explicit WaitingLine(std::vector<int> sizes) : sizes_(std::move(sizes)) {}
    bool empty() const { return line_.empty(); }
    std::int64_t items() const { return items_; }
    TimePoint since() const { return line_.front().since; }  ///< of the oldest
    auto begin() const { return line_.begin(); }
    auto end() const { return line_.end(); }
    void arrive(std::int32_t request, std::int32_t items, TimePoint now);
    /// The program of a batch of so many items; none for none.
    std::optional<int> program(std::int32_t items) const;
    /// Moves the first `items` into `batch`; what is left of the last request waits on.
    void take(std::int32_t items, Batch& batch);

private:
    std::vector<int> sizes_;
    std::deque<Waiting> line_;
    std::int64_t items_ = 0;
};

class NeuronPolicy final : public Policy {
public:
    explicit NeuronPolicy(int batch) : batch_(batch) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    void finished(const Batch& batch, TimePoint now) override;

private:
    std::int32_t batch_;
    std::deque<Waiting> shards_;      ///< what may leave, in the order in which it became free to
    std::vector<std::int32_t> held_;  ///< by request: items behind its first shard
};

class QueuePolicy final : public Policy {
public:
    QueuePolicy(QueueOptions options, std::vector<int> sizes) : options_(std::move(options)), line_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    std::optional<TimePoint> deadline() const override;

private:
    std::int32_t next_size(TimePoint now) const;

    QueueOptions options_;
    WaitingLine line_;
};

class AllowedSizesPolicy final : public Policy {
public:
    AllowedSizesPolicy(AllowedSizesOptions options, std::vector<int> sizes)
        : options_(options), line_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    std::optional<TimePoint> deadline() const override;

private:
    std::int32_t next_size(TimePoint now) const;

    AllowedSizesOptions options_;
    WaitingLine line_;
};

class NonePolicy final : public Policy {
public:
    explicit NonePolicy(std::vector<int> sizes) : sizes_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;

private:
    std::vector<int> sizes_;
    std::deque<Waiting> queue_;
};

}  // namespace infsim::serving
