#include <catch2/catch.hpp>

#include <cmath>

#include "analysis/elasticity.hpp"

using namespace infsim;
using namespace infsim::analysis;

namespace {
record::RunRecord at(double throughput, double half) {
    record::RunRecord r;
    r.throughput_avg = throughput;
    r.throughput_low = throughput * std::exp(-half);
    r.throughput_high = throughput * std::exp(half);
    return r;
}
}  // namespace

TEST_CASE("throughput in proportion to a constant has an elasticity of 1, whatever the steps") {
    for (const double share : {0.1, 0.01}) {
        const double ratio = std::log((1 + share) / (1 - share));
        const auto e = throughput_elasticity(at(1000 * (1 - share), 0), at(1000 * (1 + share), 0), ratio);
        CHECK(e->value == Approx(1));
        CHECK(e->low == e->high);
    }
    CHECK(throughput_elasticity(at(100, 0), at(100, 0), 0.2)->value == 0);
    CHECK(throughput_elasticity(at(100, 0), at(50, 0), std::log(2.0))->value == Approx(-1));  // a latency
}

TEST_CASE("intervals of both measurements widen the elasticity's, the more the nearer they are") {
    const auto e = throughput_elasticity(at(100, 0.03), at(110, 0.04), 0.2);
    CHECK(e->value == Approx(std::log(1.1) / 0.2));
    CHECK(e->high - e->value == Approx(0.05 / 0.2));
    CHECK(e->value - e->low == Approx(0.05 / 0.2));
    CHECK_FALSE(throughput_elasticity(at(100, 0), record::RunRecord{}, 0.2).has_value());
}

TEST_CASE("a limit is known to the next integer") {
    const auto e = limit_elasticity(5, 6, 0.2);
    CHECK(e->value == Approx(std::log(6.0 / 5) / 0.2));
    CHECK(e->low == Approx(0));  // 5.99 and 6
    CHECK(e->high == Approx(std::log(7.0 / 5) / 0.2));
    const auto same = limit_elasticity(5, 5, 0.2);
    CHECK(same->value == 0);
    CHECK(same->low == Approx(-same->high));
    CHECK_FALSE(limit_elasticity(0, 3, 0.2).has_value());
    const auto falling = limit_elasticity(4, 2, -0.2);
    CHECK(falling->low < falling->value);
    CHECK(falling->value < falling->high);
}
