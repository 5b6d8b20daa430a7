#include <catch2/catch.hpp>

#include "analysis/pareto.hpp"

using namespace infsim::analysis;

namespace {

/// Values known exactly.
Worths exact(std::vector<double> values) {
    std::vector<Worth> worths;
    for (const double v : values) worths.push_back({v, v, v});
    return worths;
}

constexpr Standing kFront = Standing::front, kBeaten = Standing::dominated, kPerhaps = Standing::within_intervals,
                   kMissing = Standing::not_compared;

}  // namespace

TEST_CASE("the front holds what nothing beats in everything") {
    CHECK(pareto({exact({1, 9}), exact({5, 5}), exact({9, 1}), exact({4, 4}), exact({5, 4})}) ==
          std::vector<Standing>{kFront, kFront, kFront, kBeaten, kBeaten});
    CHECK(pareto({}).empty());
}

TEST_CASE("equal points stand equal, and equal in one objective is no excuse") {
    CHECK(pareto({exact({2, 2}), exact({2, 2}), exact({2, 1})}) == std::vector<Standing>{kFront, kFront, kBeaten});
    CHECK(pareto({exact({3}), exact({3}), exact({1})}) == std::vector<Standing>{kFront, kFront, kBeaten});
}

TEST_CASE("a point without a value is not compared and beats nobody") {
    CHECK(pareto({std::nullopt, exact({1, 1}), std::nullopt}) == std::vector<Standing>{kMissing, kFront, kMissing});
}

TEST_CASE("what loses by less than the intervals is within them") {
    const Worths best = std::vector<Worth>{{100, 98, 102}}, near = std::vector<Worth>{{97, 95, 99}},
                 far = std::vector<Worth>{{90, 88, 92}};
    CHECK(pareto({best, near, far}) == std::vector<Standing>{kFront, kPerhaps, kBeaten});
}

TEST_CASE("a point is surely beaten only where no interval leaves it better in anything") {
    const auto with = [](double low, double high, double exactly) {
        return Worths(std::vector<Worth>{{97, low, high}, {exactly, exactly, exactly}});
    };
    const Worths best = std::vector<Worth>{{100, 98, 102}, {5, 5, 5}};
    CHECK(pareto({best, with(95, 99, 4)}) == std::vector<Standing>{kFront, kPerhaps});
    CHECK(pareto({best, with(96, 98, 4)}) == std::vector<Standing>{kFront, kBeaten});
    CHECK(pareto({best, with(96, 98, 5)}) == std::vector<Standing>{kFront, kPerhaps});  // may be equal in both
    CHECK(pareto({best, with(96, 97.5, 5)}) == std::vector<Standing>{kFront, kBeaten});
    CHECK(pareto({best, with(96, 97.5, 6)}) == std::vector<Standing>{kFront, kFront});
}

TEST_CASE("the sure loss may come from a point that is not on the front itself") {
    // The first is best by its value and hardly known; the second is surely better than the third.
    CHECK(pareto({std::vector<Worth>{{100, 50, 150}}, std::vector<Worth>{{99, 98, 100}},
                  std::vector<Worth>{{90, 89, 91}}}) == std::vector<Standing>{kFront, kPerhaps, kBeaten});
}

TEST_CASE("the front of three objectives is the one that every pair says") {
    std::vector<Worths> points;
    unsigned state = 7;
    const auto next = [&] { return static_cast<double>((state = state * 1664525U + 1013904223U) >> 28U); };
    for (int i = 0; i < 300; ++i) {
        const double a = next(), b = next(), c = next();
        points.push_back(exact({a, b, c}));
    }
    const auto standings = pareto(points);
    for (std::size_t i = 0; i < points.size(); ++i) {
        bool beaten = false;
        for (const Worths& other : points) {
            bool worse = false, better = false;
            for (std::size_t k = 0; k < 3; ++k) {
                worse = worse || (*other)[k].value < (*points[i])[k].value;
                better = better || (*other)[k].value > (*points[i])[k].value;
            }
            beaten = beaten || (better && !worse);
        }
        CHECK((standings[i] == kFront) == !beaten);
    }
}
