// The event core against queueing theory.
#include <catch2/catch.hpp>

#include <boost/math/special_functions/gamma.hpp>

#include "serving/confidence.hpp"
#include "unit/serving/support.hpp"

using namespace infsim;
using namespace infsim::serving;

namespace {

constexpr Duration kService = microseconds(1000);

/// Mean wait of M/D/c in units of the service time, offered load `a` = arrival rate x service time: Crommelin, "Delay
/// probability formulae when the holding times are constant", Post Office Electrical Engineers Journal 25 (1932). The
/// sums are tails of Poisson distributions, which are regularised gamma functions.
double crommelin(int c, double a) {
    double wait = 0;
    for (int i = 1; i < 100'000; ++i) {
        const double term =
            boost::math::gamma_p(double(i) * c, i * a) - c / a * boost::math::gamma_p(double(i) * c + 1, i * a);
        wait += term;
        if (term < 1e-12 * wait) break;
    }
    return wait;
}

double simulated_wait(int cores, double load, std::uint64_t seed) {
    Formula times(kService);
    Run run = requests_of_one(Poisson{load * cores / seconds(kService)}, 2'000'000, cores);
    run.seed = seed;
    return mean_latency(run_with(run, times)) / static_cast<double>(kService.count()) - 1;
}

}  // namespace

TEST_CASE("Crommelin's formula with one server is Pollaczek and Khinchine's") {
    for (double rho : {0.2, 0.5, 0.9}) CHECK(crommelin(1, rho) == Approx(rho / 2 / (1 - rho)).epsilon(1e-6));
}

TEST_CASE("M/D/1 waits as Pollaczek and Khinchine say, within 2 %") {
    for (double rho : {0.3, 0.6, 0.8, 0.9}) {
        INFO("load " << rho);
        CHECK(simulated_wait(1, rho, 3) == Approx(rho / 2 / (1 - rho)).epsilon(0.02));
    }
}

TEST_CASE("M/D/c waits as Crommelin says, within 2 %") {
    for (int c : {2, 4, 16})
        for (double rho : {0.5, 0.8, 0.9}) {
            INFO(c << " servers, load " << rho);
            CHECK(simulated_wait(c, rho, 7) == Approx(crommelin(c, rho * c)).epsilon(0.02));
        }
}

TEST_CASE("Little's law holds to the picosecond over a whole run") {
    Formula times([](int, int busy) { return kService * (10 + busy) / 10; });
    for (const Load& load : {Load{Poisson{3000}}, Load{ClosedLoop{4, 3}},
                             Load{Bursts{8000, microseconds(20'000), microseconds(30'000), true}}}) {
        Run run = requests_of_one(load, 50'000, 4);
        run.server.outstanding_per_core = 2;
        run.host = {microseconds(20), microseconds(3), microseconds(50)};
        const Tally t = run_with(run, times);
        CHECK(t.in_system.integral() == t.all_latency);
        CHECK(t.all_requests == 50'000);
    }
}

TEST_CASE("a closed loop answers as many requests per second as Little's law allows") {
    Formula times(kService);
    for (int workers : {1, 2, 3}) {
        Run run = requests_of_one(ClosedLoop{4, workers}, 40'000, 4);
        run.server.outstanding_per_core = workers;
        run.warm_up = 1000;
        const Tally t = run_with(run, times);
        const double rate = double(t.requests) / seconds(t.window_end - t.window_start);
        CHECK(rate * mean_latency(t) * 1e-12 == Approx(4 * workers).epsilon(0.001));
        CHECK(rate == Approx(4 / seconds(kService)).epsilon(0.001));
    }
}

TEST_CASE("without load the latency is the service time exactly") {
    const Transfers transfers{microseconds(10), nanoseconds(777), microseconds(5), picoseconds(3)};
    Formula times([](int, int busy) { return kService * busy; }, transfers);
    Run run = requests_of_one(ConstantRate{10}, 100, 4);
    CHECK(run_with(run, times).latencies ==
          std::vector<std::int64_t>(100, (kService + microseconds(15) + nanoseconds(777) + picoseconds(3)).count()));
    run.host = {microseconds(20), microseconds(3), microseconds(50)};
    CHECK(run_with(run, times).latencies.front() ==
          (kService + microseconds(15 + 73) + nanoseconds(777) + picoseconds(3)).count());
}

TEST_CASE("a call takes longer for more items, and waits for a thread of the host") {
    Formula times(kService);
    Run run = requests_of_one(ConstantRate{10}, 20, 1);
    run.server.sizes = {4};
    run.sizes.items = {4};
    run.host.per_inference = microseconds(50);
    run.host.per_batch_item = microseconds(10);
    CHECK(run_with(run, times).latencies.front() == (kService + microseconds(90)).count());

    // Twelve requests at once on twelve cores, two threads of 50 us each: the last call is over at 300 us.
    run = requests_of_one(Trace{std::vector<Arrival>(12, Arrival{TimePoint{}, 1})}, 12, 12);
    run.host.per_inference = microseconds(50);
    run.host.threads = 2;
    auto latencies = run_with(run, times).latencies;
    std::sort(latencies.begin(), latencies.end());
    CHECK(latencies.front() == (kService + microseconds(50)).count());
    CHECK(latencies.back() == (kService + microseconds(300)).count());
}

TEST_CASE("the same seed gives the same latencies, another one others") {
    Formula times(kService);
    Run run = requests_of_one(Poisson{800}, 10'000);
    const auto first = run_with(run, times).latencies;
    CHECK(run_with(run, times).latencies == first);
    run.seed = 2;
    CHECK(run_with(run, times).latencies != first);
}

TEST_CASE("a run that would leave simulated time says so") {
    Formula times(Duration{std::int64_t{1'000'000} * 1'000'000'000'000});
    CHECK_THROWS_WITH(run_with(requests_of_one(Poisson{1000}, 100), times), Catch::Contains("leaves 92 days"));
    Formula quick(kService);
    CHECK_THROWS_WITH(run_with(requests_of_one(ConstantRate{1e-4}, 10'000), quick), Catch::Contains("leaves 92 days"));
    CHECK_THROWS_WITH(
        run_with(requests_of_one(Bursts{1, microseconds(10'000), Duration{std::int64_t{86'400} * 1'000'000'000'000}},
                                 10'000),
                 quick),
        Catch::Contains("leaves 92 days"));
}

TEST_CASE("an overloaded server ends when all requests are answered") {
    Formula times(kService);
    const Tally t = run_with(requests_of_one(Poisson{5000}, 20'000), times);
    CHECK(t.all_requests == 20'000);
    CHECK(t.end - TimePoint{} >= kService * 20'000);
    CHECK(t.in_system.max() > 15'000);
}
