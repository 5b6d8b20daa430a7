#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"

using namespace infsim;

TEST_CASE("Hashes are those of XXH64") {
    // Test vectors of the xxHash specification's reference implementation.
    CHECK(hex_text(hash64("")) == "ef46db3751d8e999");
    CHECK(hex_text(hash64("abc")) == "44bc2cf5ad770999");
    CHECK(hex_text(0) == "0000000000000000");
}

TEST_CASE("A hash of pieces is that of the whole") {
    const std::string text(1000, 'x');
    Hasher hasher;
    hasher.add(text.substr(0, 1)).add("").add(text.substr(1, 500)).add(text.data() + 501, 499);
    CHECK(hasher.value() == hash64(text));
    CHECK(hasher.hex() == hex_text(hash64(text)));
    CHECK(Hasher(7).add("abc").value() == hash64("abc", 7));
    CHECK(hash64("abc", 7) != hash64("abc"));
}

TEST_CASE("Streams differ by seed and by purpose and repeat otherwise") {
    const auto first = [](std::uint64_t seed, const char* purpose) { return RandomStream(seed, purpose).bits(); };
    CHECK(first(1, "arrivals") == first(1, "arrivals"));
    CHECK(first(1, "arrivals") != first(2, "arrivals"));
    CHECK(first(1, "arrivals") != first(1, "weights"));
}

TEST_CASE("Streams give the same numbers on every host") {
    RandomStream random(42, "golden");
    std::vector<double> drawn{random.uniform(), random.normal(0, 1), random.exponential(1),
                              static_cast<double>(random.uniform_int(-1000, 1000))};
    CHECK(drawn == std::vector<double>{0.56391869601068734, -1.1088974109147574, 0.44579602739467639, 882});
}

TEST_CASE("Uniform integers cover their range without bias") {
    RandomStream random(3, "dice");
    std::vector<int> seen(6);
    for (int i = 0; i < 60'000; ++i) ++seen.at(static_cast<std::size_t>(random.uniform_int(1, 6) - 1));
    for (int n : seen) CHECK(std::abs(n - 10'000) < 400);  // more than four standard deviations (91) off is a bug
    CHECK(random.uniform_int(5, 5) == 5);
    const auto low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    const auto any = random.uniform_int(low, high);
    CHECK(any != random.uniform_int(low, high));
    CHECK_THROWS_AS(random.uniform_int(2, 1), InternalError);
}

TEST_CASE("Distributions have their mean and deviation") {
    RandomStream random(5, "moments");
    constexpr int n = 100'000;
    double uniform = 0, normal = 0, normal_squares = 0, exponential = 0, least = 1;
    for (int i = 0; i < n; ++i) {
        const double u = random.uniform(), x = random.normal(10, 2), e = random.exponential(3);
        uniform += u;
        normal += x;
        normal_squares += (x - 10) * (x - 10);
        exponential += e;
        least = std::min({least, u, e, 1 - u});
    }
    CHECK(uniform / n == Approx(0.5).margin(0.005));
    CHECK(normal / n == Approx(10).margin(0.03));
    CHECK(std::sqrt(normal_squares / n) == Approx(2).margin(0.03));
    CHECK(exponential / n == Approx(3).margin(0.05));
    CHECK(least >= 0);
}

TEST_CASE("The portable logarithm agrees with the library's") {
    RandomStream random(7, "log");
    for (int i = 0; i < 10'000; ++i) {
        const double x = std::ldexp(random.uniform(0.5, 1.0), static_cast<int>(random.uniform_int(-1000, 1000)));
        const double expected = std::log(x);
        CAPTURE(x);
        CHECK(std::fabs(portable_log(x) - expected) <=
              4 * std::numeric_limits<double>::epsilon() * std::fabs(expected));
    }
    CHECK(portable_log(1.0) == 0.0);
    CHECK_THROWS_AS(portable_log(0.0), InternalError);
}
