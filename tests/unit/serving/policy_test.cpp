// What the policies make of requests.
#include <catch2/catch.hpp>

#include "serving/policies/policies.hpp"
#include "unit/serving/support.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

TimePoint at_us(std::int64_t us) { return TimePoint{microseconds(us)}; }

/// Capacities and items of the batches that may leave at `now`: "4:3" is three items in a program of four.
std::string batches(Policy& policy, TimePoint now) {
    std::string text;
    while (policy.ready(now)) {
        Batch batch;
        policy.take(now, batch);
        std::int32_t items = 0;
        for (const Part& part : batch.parts) items += part.items;
        CHECK(items == batch.items);
        text += (text.empty() ? "" : " ") + std::to_string(batch.capacity) + ":" + std::to_string(batch.items);
    }
    return text;
}

std::unique_ptr<Policy> queue(std::int32_t most, std::vector<std::int32_t> preferred, std::int64_t delay_us,
                              std::vector<int> sizes) {
    return make_policy(QueueOptions{most, std::move(preferred), microseconds(delay_us)}, sizes);
}

}  // namespace

TEST_CASE("neuron: the first shard alone, then the rest, the last one padded") {
    const auto policy = make_policy(NeuronOptions{}, {4});
    policy->arrive(0, 7, at_us(0));
    CHECK(batches(*policy, at_us(0)) == "4:4");
    CHECK(batches(*policy, at_us(5)).empty());
    policy->finished({0, 4, 4, {{0, 4}}}, at_us(10));
    CHECK(batches(*policy, at_us(10)) == "4:3");
    policy->finished({0, 4, 3, {{0, 3}}}, at_us(20));
    CHECK(batches(*policy, at_us(20)).empty());
}

TEST_CASE("neuron: requests never share a shard, and others pass one that waits for its first shard") {
    const auto policy = make_policy(NeuronOptions{}, {4});
    policy->arrive(0, 9, at_us(0));
    policy->arrive(1, 1, at_us(1));
    CHECK(batches(*policy, at_us(1)) == "4:4 4:1");
    policy->arrive(2, 2, at_us(2));
    policy->finished({0, 4, 4, {{0, 4}}}, at_us(3));
    CHECK(batches(*policy, at_us(3)) == "4:2 4:4 4:1");
}

TEST_CASE("queue: a full batch leaves at once, a part of one after the delay") {
    const auto policy = queue(8, {}, 100, {4, 8});
    policy->arrive(0, 3, at_us(0));
    CHECK(batches(*policy, at_us(50)).empty());
    CHECK(*policy->deadline() == at_us(100));
    CHECK(batches(*policy, at_us(100) - picoseconds(1)).empty());
    CHECK(batches(*policy, at_us(100)) == "4:3");
    for (int i = 1; i < 6; ++i) policy->arrive(i, 2, at_us(110));
    CHECK(batches(*policy, at_us(110)) == "8:8");
    CHECK(batches(*policy, at_us(210)) == "4:2");
    CHECK_FALSE(policy->deadline());
}

TEST_CASE("queue: requests are not split, so one that does not fit sends the others off") {
    const auto policy = queue(4, {}, 100, {4});
    policy->arrive(0, 3, at_us(0));
    policy->arrive(1, 2, at_us(1));
    CHECK(batches(*policy, at_us(1)) == "4:3");
}

TEST_CASE("queue: the largest preferred size that can be formed leaves at once") {
    const auto policy = queue(8, {2, 4}, 100, {2, 4, 8});
    policy->arrive(0, 1, at_us(0));
    CHECK(batches(*policy, at_us(0)).empty());
    policy->arrive(1, 1, at_us(1));
    policy->arrive(2, 1, at_us(1));
    policy->arrive(3, 1, at_us(1));
    policy->arrive(4, 1, at_us(1));
    CHECK(batches(*policy, at_us(1)) == "4:4");
    CHECK(batches(*policy, at_us(101)) == "2:1");
}

TEST_CASE("allowed sizes: padded to the next compiled size, split only when asked") {
    auto policy = make_policy(AllowedSizesOptions{8, microseconds(100), false}, {1, 4, 8});
    policy->arrive(0, 1, at_us(0));
    policy->arrive(1, 1, at_us(10));
    CHECK(batches(*policy, at_us(99)).empty());
    CHECK(batches(*policy, at_us(100)) == "4:2");
    policy->arrive(2, 6, at_us(100));
    policy->arrive(3, 6, at_us(100));
    CHECK(batches(*policy, at_us(101)) == "8:6");
    CHECK(batches(*policy, at_us(200)) == "8:6");
    policy = make_policy(AllowedSizesOptions{8, microseconds(100), true}, {1, 4, 8});
    policy->arrive(0, 19, at_us(0));
    CHECK(batches(*policy, at_us(0)) == "8:8 8:8");
    CHECK(batches(*policy, at_us(100)) == "4:3");
}

TEST_CASE("none: each request in the smallest program that holds it") {
    const auto policy = make_policy(NoneOptions{}, {1, 4});
    policy->arrive(0, 1, at_us(0));
    policy->arrive(1, 2, at_us(0));
    policy->arrive(2, 9, at_us(0));
    CHECK(batches(*policy, at_us(0)) == "1:1 4:2 4:4 4:4 1:1");
}

TEST_CASE("every policy carries every item exactly once") {
    const std::vector<std::pair<PolicyOptions, std::vector<int>>> all{
        {NeuronOptions{}, {4}},
        {QueueOptions{8, {4, 8}, microseconds(300)}, {1, 4, 8}},
        {AllowedSizesOptions{8, microseconds(300), true}, {1, 4, 8}},
        {NoneOptions{}, {2, 8}}};
    Formula times([](int program, int busy) { return microseconds(400 + 100 * program + 30 * busy); });
    for (const auto& [policy, sizes] : all) {
        INFO(policy_name(policy));
        Run run = requests_of_one(Poisson{2500}, 20'000, 4);
        run.policy = policy;
        run.server.sizes = sizes;
        run.server.outstanding_per_core = 2;
        run.sizes = {{1, 3, 8}, {5, 2, 1}};
        const Tally t = run_with(run, times);
        CHECK(t.all_requests == 20'000);
        CHECK(t.carried_items == t.items);
        std::int64_t items = 0, batches = 0, capacity = 0;
        for (std::size_t p = 0; p < t.histogram.size(); ++p)
            for (std::size_t n = 0; n < t.histogram[p].size(); ++n) {
                batches += t.histogram[p][n];
                items += t.histogram[p][n] * static_cast<std::int64_t>(n);
                capacity += t.histogram[p][n] * sizes[p];
            }
        CHECK(batches == t.batches);
        CHECK(items == t.carried_items);
        CHECK(capacity == t.carried_items + t.padded_items);
    }
}

TEST_CASE("the documented case: B is 4, requests of 1, 4, 7, 8 and 1024") {
    Formula times([](int, int) { return microseconds(1000); });
    Run run = requests_of_one(ClosedLoop{1, 1}, 5, 4);
    run.policy = NeuronOptions{};
    run.server.sizes = {4};
    run.server.outstanding_per_core = 2;
    run.sizes = aws_example_sizes();
    run.host.per_request = microseconds(100);
    const Tally t = run_with(run, times);
    REQUIRE(t.sizes.size() == 5);
    const std::vector<std::int64_t> shards{1, 1, 2, 2, 256}, padding{3, 0, 1, 0, 0};
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(t.sizes[i].shards == shards[i]);
        CHECK(t.sizes[i].padding == padding[i]);
        CHECK(t.sizes[i].device_ps == Approx(double(shards[i]) * 1e9));
    }
    // 7 costs what 8 costs: the first shard alone, then the second.
    CHECK(t.sizes[2].latency_sum == t.sizes[3].latency_sum);
    CHECK(t.sizes[2].latency_min == microseconds(2100).count());
    // 255 shards behind the first on four cores take 64 rounds.
    CHECK(t.sizes[4].latency_min == microseconds(100 + 65'000).count());
}
