#include <catch2/catch.hpp>

#include <functional>

#include <set>

#include "base/random.hpp"
#include "flow/limits/limit_search.hpp"

using namespace infsim;
using namespace infsim::flow;

namespace {

/// A fake compiler: holds for the batches of a set, and counts questions.
struct Fake {
    std::set<int> good;
    std::map<int, int> asked;
    std::function<bool(int)> holds() {
        return [this](int b) {
            ++asked[b];
            return good.count(b) > 0;
        };
    }
    static Fake up_to(int n) {
        Fake f;
        for (int b = 1; b <= n; ++b) f.good.insert(b);
        return f;
    }
};

}  // namespace

TEST_CASE("a monotone limit is found wherever it is, with its neighbours asked and nobody asked twice") {
    for (int most : {1, 2, 5, 64})
        for (int limit = 0; limit <= most; ++limit) {
            Fake f = Fake::up_to(limit);
            const LargestBatch r = find_largest(f.holds(), most, 8);
            CAPTURE(most, limit);
            CHECK(r.batch == limit);
            CHECK(r.open == (limit == most));
            CHECK(r.holes.empty());
            if (limit < most) CHECK(f.asked.count(limit + 1) == 1);
            if (limit > 0) CHECK(f.asked.count(limit) == 1);
            for (const auto& [b, times] : f.asked) {
                CHECK(times == 1);
                CHECK(b >= 1);
                CHECK(b <= most);
            }
        }
}

TEST_CASE("a hole below the limit is reported and does not hide the limit") {
    Fake f = Fake::up_to(12);
    f.good.erase(8);
    f.good.erase(10);
    const LargestBatch r = find_largest(f.holds(), 64, 8);
    CHECK(r.batch == 12);
    CHECK(r.holes == std::vector<int>{8, 10});
}

TEST_CASE("an island above the first failure is found at a power of two and within the window") {
    Fake power = Fake::up_to(5);
    power.good.insert(32);
    const LargestBatch r = find_largest(power.holds(), 64, 8);
    CHECK(r.batch == 32);
    CHECK(std::find(r.holes.begin(), r.holes.end(), 8) != r.holes.end());
    Fake near = Fake::up_to(5);
    near.good.insert(11);
    near.good.insert(15);  // within the window of 11
    CHECK(find_largest(near.holds(), 64, 8).batch == 15);
}

TEST_CASE("the end of the search is open, not a limit") {
    const LargestBatch r = find_largest(Fake::up_to(100).holds(), 64, 8);
    CHECK(r.batch == 64);
    CHECK(r.open);
}

TEST_CASE("from a known batch upwards the result holds and the next one up does not") {
    for (int limit = 6; limit <= 64; ++limit) {
        Fake f = Fake::up_to(limit);
        const LargestBatch r = find_largest_from(6, f.holds(), 64);
        CHECK(r.batch == limit);
        CHECK(r.open == (limit == 64));
        if (limit < 64) CHECK(f.asked.count(limit + 1) == 1);
    }
}

namespace {

/// Values and bounds by batch; counts what is measured.
struct Curve {
    std::function<std::optional<double>(int)> value;
    std::function<std::optional<double>(int)> bound;
    std::map<int, std::optional<double>> measured;
    std::set<int> asked, bounded;

    int best(int most) {
        const Measure measure = [&](const std::vector<int>& list) {
            std::vector<std::optional<double>> values;
            for (int b : list) {
                CHECK(asked.insert(b).second);
                values.push_back(value(b));
            }
            return values;
        };
        const Bound counted = [&](int b) {
            CHECK(bounded.insert(b).second);
            return bound(b);
        };
        return find_best(measure, counted, most, measured);
    }
};

}  // namespace

TEST_CASE("the best of a curve with one peak is found whatever the bounds, and of equal ones the smallest") {
    for (int most : {1, 3, 40, 64})
        for (int peak = 1; peak <= most; ++peak)
            for (double slack : {0.0, 3.0, 1000.0}) {
                const auto value = [peak](int b) { return 100.0 - std::abs(b - peak); };
                Curve curve{value, [&](int b) { return value(b) + slack; }, {}, {}, {}};
                CHECK(curve.best(most) == peak);
            }
    Curve flat{[](int) { return 1.0; }, [](int) { return 1.0; }, {}, {}, {}};
    CHECK(flat.best(16) == 1);
    CHECK(flat.asked.size() == 1);
}

TEST_CASE("what is bounded below the best is never measured, and large batches are not even bounded") {
    const auto value = [](int b) { return b <= 5 ? 100.0 * b : 200.0; };
    Curve curve{value, [&](int b) { return b <= 5 ? 110.0 * b : 300.0 - b; }, {}, {}, {}};
    CHECK(curve.best(64) == 5);
    CHECK(curve.asked == std::set<int>{4, 5});
    CHECK(*curve.bounded.rbegin() <= 16);
}

TEST_CASE("batches without a value are never the best") {
    const auto value = [](int b) { return b <= 5 ? std::optional<double>(b) : std::nullopt; };
    Curve some{value, value, {}, {}, {}};
    CHECK(some.best(64) == 5);
    Curve none{[](int) { return std::nullopt; }, [](int) { return std::nullopt; }, {}, {}, {}};
    CHECK(none.best(8) == 0);
    CHECK(none.asked.empty());
}
