#include <catch2/catch.hpp>

#include "serving/load.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

std::vector<Arrival> all_of(const Load& load, Stop stop, Sizes sizes = {}, std::uint64_t seed = 1) {
    Arrivals stream(load, std::move(sizes), stop, seed);
    std::vector<Arrival> all;
    while (stream.next()) all.push_back(stream.take());
    return all;
}

}  // namespace

TEST_CASE("a constant rate does not drift") {
    const auto all = all_of(ConstantRate{3}, {3'000'001});
    CHECK(all.front().at == TimePoint{});
    CHECK(all.back().at == TimePoint{Duration{1'000'000'000'000'000'000}});
}

TEST_CASE("Poisson gaps have the mean and the spread of an exponential") {
    const auto all = all_of(Poisson{1000}, {200'000});
    double sum = 0, squares = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
        const double gap = milliseconds(all[i].at - all[i - 1].at);
        sum += gap;
        squares += gap * gap;
    }
    const double mean = sum / double(all.size() - 1);
    CHECK(mean == Approx(1).epsilon(0.01));
    CHECK(squares / double(all.size() - 1) - mean * mean == Approx(1).epsilon(0.02));
}

TEST_CASE("bursts fall into their on phases and keep their mean rate") {
    const Bursts bursts{5000, microseconds(10'000), microseconds(30'000)};
    const auto all = all_of(bursts, {0, Duration{std::int64_t{40} * 1'000'000'000'000}});
    for (const Arrival& a : all) CHECK(a.at.time_since_epoch() % microseconds(40'000) < microseconds(10'000));
    CHECK(double(all.size()) / 40 == Approx(*offered_rate(bursts)).epsilon(0.02));
    const auto random = all_of(Bursts{5000, microseconds(10'000), microseconds(30'000), true},
                               {0, Duration{std::int64_t{400} * 1'000'000'000'000}});
    CHECK(double(random.size()) / 400 == Approx(1250).epsilon(0.05));
}

TEST_CASE("a closed loop sends when it is answered") {
    const Load load = ClosedLoop{2, 1, microseconds(10)};
    Arrivals stream(load, {}, {4}, 1);
    CHECK(stream.take().at == TimePoint{});
    CHECK(stream.take().at == TimePoint{microseconds(5)});
    CHECK_FALSE(stream.next());
    stream.answered(TimePoint{microseconds(20)});
    CHECK(stream.take().at == TimePoint{microseconds(20)});
    stream.answered(TimePoint{microseconds(21)});
    stream.answered(TimePoint{microseconds(22)});
    CHECK(stream.take().at == TimePoint{microseconds(21)});
    CHECK_FALSE(stream.next());
}

TEST_CASE("a run stops at the first of its limits, or behind both") {
    const Load load = ConstantRate{1000};
    CHECK(all_of(load, {10, microseconds(5000)}).size() == 5);
    CHECK(all_of(load, {3, microseconds(5000)}).size() == 3);
    CHECK(all_of(load, {10, microseconds(5000), true}).size() == 10);
    CHECK(all_of(load, {3, microseconds(5000), true}).size() == 6);  // the last at 5 ms
}

TEST_CASE("sizes come in turn or by weight") {
    std::vector<std::int32_t> in_turn;
    for (const Arrival& a : all_of(ConstantRate{1}, {6}, aws_example_sizes())) in_turn.push_back(a.items);
    CHECK(in_turn == std::vector<std::int32_t>{1, 4, 7, 8, 1024, 1});
    CHECK(aws_example_sizes().mean() == Approx(208.8));
    const Sizes drawn{{1, 8}, {3, 1}};
    double sum = 0;
    for (const Arrival& a : all_of(ConstantRate{1000}, {100'000}, drawn)) sum += a.items;
    CHECK(sum / 1e5 == Approx(drawn.mean()).epsilon(0.02));
}

TEST_CASE("the same seed at twice the rate gives the same sizes and half the gaps") {
    const Sizes sizes{{1, 2, 3}, {1, 1, 1}};
    const auto slow = all_of(Poisson{1000}, {1000}, sizes), fast = all_of(scaled(Poisson{1000}, 2), {1000}, sizes);
    for (std::size_t i = 0; i < slow.size(); ++i) {
        CHECK(slow[i].items == fast[i].items);
        CHECK(std::abs((slow[i].at - TimePoint{}).count() - 2 * (fast[i].at - TimePoint{}).count()) <= 3000);
    }
}

TEST_CASE("a trace gives its own times and sizes") {
    const Load trace =
        Trace{{{TimePoint{microseconds(1)}, 3}, {TimePoint{microseconds(1)}, 1}, {TimePoint{microseconds(9)}, 2}}};
    const auto all = all_of(trace, {0});
    REQUIRE(all.size() == 3);
    CHECK(all[0].items == 3);
    CHECK(all[2].at == TimePoint{microseconds(9)});
    CHECK(*offered_rate(trace) == Approx(2 / 8e-6));
}
