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

class NeuronPolicy final : public Policy {
public:
    explicit NeuronPolicy(int batch) : batch_(batch) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    void finished(const Batch& batch, TimePoint now) override;

private:
    std::int32_t batch_;
    std::deque<Waiting> shards_;              ///< what may leave, in the order in which it became free to
    std::vector<std::int32_t> held_;          ///< by request: items behind its first shard
};

class QueuePolicy final : public Policy {
public:
    QueuePolicy(QueueOptions options, std::vector<int> sizes)
        : options_(std::move(options)), sizes_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    std::optional<TimePoint> deadline() const override;

private:
    std::int32_t next_size(TimePoint now) const;

    QueueOptions options_;
    std::vector<int> sizes_;
    std::deque<Waiting> queue_;
    std::int64_t items_ = 0;
};

class AllowedSizesPolicy final : public Policy {
public:
    AllowedSizesPolicy(AllowedSizesOptions options, std::vector<int> sizes)
        : options_(options), sizes_(std::move(sizes)) {}
    void arrive(std::int32_t request, std::int32_t items, TimePoint now) override;
    std::optional<int> ready(TimePoint now) override;
    void take(TimePoint now, Batch& batch) override;
    std::optional<TimePoint> deadline() const override;

private:
    std::int32_t next_size(TimePoint now) const;

    AllowedSizesOptions options_;
    std::vector<int> sizes_;
    std::deque<Waiting> queue_;
    std::int64_t items_ = 0;
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
