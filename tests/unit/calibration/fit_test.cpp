// Least squares against models whose answer is known.
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "calibration/judge.hpp"

using namespace infsim;
using namespace infsim::calibration;

namespace {

FreeConstant constant(const std::string& key, double prior, double spread) {
    FreeConstant c;
    c.keys = {key};
    c.prior = prior;
    c.spread = spread;
    c.low = prior / 10;
    c.high = prior * 10;
    c.step = prior * 1e-6;
    return c;
}

/// Times that are sums of work over a rate: row r takes a[r] / x + b[r] / y. Measured with x = 3 and y = 0.5.
struct Machine {
    std::vector<double> a, b;
    double x = 3, y = 0.5;

    Model model() const {
        return [*this](const Values& v) {
            std::vector<double> errors;
            for (std::size_t r = 0; r < a.size(); ++r)
                errors.push_back(std::log((a[r] / x + b[r] / y) / (a[r] / v[0] + b[r] / v[1])));
            return errors;
        };
    }
};

const Machine mixed{{9, 6, 3, 1, 4}, {0.1, 1, 2, 3, 0.5}};

FreeConstants free_of(std::vector<FreeConstant> constants) {
    FreeConstants free;
    free.constants = std::move(constants);
    return free;
}

std::vector<Row> rows_of(std::size_t n) {
    std::vector<Row> rows;
    for (std::size_t r = 0; r < n; ++r) rows.push_back({"row " + std::to_string(r), r < n / 2 ? "one" : "two"});
    return rows;
}

}  // namespace

TEST_CASE("the constants that made the measurements are found again") {
    const FreeConstants free = free_of({constant("x", 2, 5), constant("y", 1, 5)});
    const Calibration result = calibrate(free, rows_of(5), {2, 1}, mixed.model());
    CHECK(result.after[0] == Approx(3).epsilon(0.005));
    CHECK(result.after[1] == Approx(0.5).epsilon(0.005));
    CHECK(mean_absolute(result.errors_after) < 0.003);
    CHECK(mean_absolute(result.errors_before) > 0.2);
    CHECK(result.rows.mean < 0.02);
    CHECK(result.models.mean < 0.02);
    for (const Told& t : result.told) CHECK_FALSE(t.cannot_tell);
}

TEST_CASE("a narrow prior holds a constant where it is") {
    const FreeConstants free = free_of({constant("x", 2, 1e-4), constant("y", 1, 5)});
    const Calibration result = calibrate(free, rows_of(5), {2, 1}, mixed.model());
    CHECK(result.after[0] == Approx(2).epsilon(0.01));
    CHECK(result.told[0].cannot_tell);
    CHECK(result.told[0].spread == Approx(1e-4).epsilon(0.01));
}

TEST_CASE("what the rows do not depend on stays at its prior, and that is told") {
    Machine machine = mixed;
    machine.b.assign(5, 0);
    const FreeConstants free = free_of({constant("x", 2, 1), constant("y", 1, 0.3)});
    const Calibration result = calibrate(free, rows_of(5), {2, 2}, machine.model());
    CHECK(result.after[0] == Approx(3).epsilon(0.01));
    CHECK(result.after[1] == Approx(1).epsilon(0.01));
    CHECK(result.told[1].cannot_tell);
    CHECK_FALSE(result.told[0].cannot_tell);
}

TEST_CASE("two constants that only act as a product are told together") {
    const Model product = [](const Values& v) { return std::vector<double>(4, std::log(v[0] * v[1] / 6)); };
    const FreeConstants free = free_of({constant("x", 2, 1), constant("y", 2, 1)});
    const Calibration result = calibrate(free, rows_of(4), {2, 2}, product);
    CHECK(result.after[0] * result.after[1] == Approx(6).epsilon(0.02));
    CHECK(result.told[0].with == std::vector<std::size_t>{1});
    CHECK(result.told[1].with == std::vector<std::size_t>{0});
}

TEST_CASE("a constant stays within its range") {
    FreeConstants free = free_of({constant("x", 2, 5), constant("y", 1, 5)});
    free.constants[0].high = 2.5;
    const Calibration result = calibrate(free, rows_of(5), {2, 1}, mixed.model());
    CHECK(result.after[0] <= 2.5);
    CHECK(result.after[0] > 2.4);
}

TEST_CASE("slopes are those of the logarithm") {
    const FreeConstants free = free_of({constant("x", 2, 1)});
    Remembering model(free.constants, [](const Values& v) { return std::vector<double>{3 * std::log(v[0]), 0.0}; });
    const Slopes slopes = Fit(free, model).slopes({2});
    CHECK(slopes[0][0] == Approx(3).epsilon(1e-4));
    CHECK(slopes[1][0] == Approx(0).margin(1e-9));
}

TEST_CASE("no constants are asked for twice") {
    const FreeConstants free = free_of({constant("x", 2, 5), constant("y", 1, 5)});
    std::vector<Values> asked;
    const Model counting = [&](const Values& v) {
        for (const Values& before : asked) REQUIRE(before != v);
        asked.push_back(v);
        return mixed.model()(v);
    };
    calibrate(free, rows_of(5), {2, 1}, counting);
    CHECK(asked.size() < 25);
}

TEST_CASE("an outlier that is left out is predicted by the others") {
    Machine machine = mixed;
    const Model off = [machine](const Values& v) {
        auto errors = machine.model()(v);
        errors[2] += std::log(1.3);  // the third row was measured 30 % too slow
        return errors;
    };
    const FreeConstants free = free_of({constant("x", 3, 1), constant("y", 0.5, 1)});
    const Calibration result = calibrate(free, rows_of(5), {3, 0.5}, off);
    CHECK(result.rows.errors[2] == Approx(0.3).epsilon(0.15));
    CHECK(result.errors_after[2] < result.rows.errors[2]);
}

TEST_CASE("of one model nothing is left to leave out, and of one row neither") {
    const FreeConstants free = free_of({constant("x", 2, 5), constant("y", 1, 5)});
    std::vector<Row> rows = rows_of(5);
    for (Row& row : rows) row.model = "one";
    CHECK(calibrate(free, rows, {2, 1}, mixed.model()).models.errors.empty());
    const Machine single{{4}, {1}};
    const Calibration result = calibrate(free, {{"only", "one"}}, {2, 1}, single.model());
    CHECK(result.rows.errors.empty());
    CHECK(mean_absolute(result.errors_after) < 0.01);
}

TEST_CASE("measurements with noise move the constants by no more than the fit says") {
    const FreeConstants free = free_of({constant("x", 3, 1), constant("y", 0.5, 1)});
    RandomStream random(5, "noisy rows");
    int within = 0, all = 0;
    for (int round = 0; round < 60; ++round) {
        std::vector<double> noise;
        for (int r = 0; r < 5; ++r) {
            double sum = 0;  // of twelve uniform ones: nearly normal, of deviation 1
            for (int i = 0; i < 12; ++i) sum += static_cast<double>(random.uniform_int(0, 1000000)) / 1e6;
            noise.push_back(free.error * (sum - 6));
        }
        const Calibration result = calibrate(free, rows_of(5), {3, 0.5}, [&](const Values& v) {
            auto errors = mixed.model()(v);
            for (std::size_t r = 0; r < 5; ++r) errors[r] += noise[r];
            return errors;
        });
        const double truth[] = {3, 0.5};
        for (std::size_t c = 0; c < 2; ++c) {
            within += std::abs(std::log(result.after[c] / truth[c])) < 2 * result.told[c].spread;
            ++all;
        }
    }
    CHECK(within > 0.88 * all);
    CHECK(within < all);
}
