#include "base/random.hpp"

#include <cmath>

#include "base/check.hpp"
#include "base/hash.hpp"

namespace infsim {

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose) : engine_(hash64(purpose, seed)) {}

std::int64_t RandomStream::uniform_int(std::int64_t low, std::int64_t high) {
    INFSIM_CHECK(low <= high, "uniform_int needs low <= high");
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    if (span == 0) return static_cast<std::int64_t>(bits());  // all of 64 bits
    // Reject the top remainder, which would make some results more likely than others.
    const std::uint64_t rejected = (UINT64_MAX - span + 1) % span;
    std::uint64_t draw = bits();
    while (draw > UINT64_MAX - rejected) draw = bits();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + draw % span);
}

double RandomStream::uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

double RandomStream::normal(double mean, double deviation) {
    // The second of each pair is dropped: a stream then has no state besides its engine.
    for (;;) {
        const double x = uniform(-1.0, 1.0), y = uniform(-1.0, 1.0);
        const double r = x * x + y * y;
        if (r > 0.0 && r < 1.0) return mean + deviation * (x * std::sqrt(-2.0 * portable_log(r) / r));
    }
}

double RandomStream::exponential(double mean) { return -mean * portable_log(1.0 - uniform()); }

double portable_log(double x) {
    INFSIM_CHECK(x > 0.0 && std::isfinite(x), "logarithm of a number that is not positive and finite");
    int exponent = 0;
    double mantissa = std::frexp(x, &exponent);  // exact, in [0.5, 1)
    if (mantissa < 0.70710678118654752) {
        mantissa *= 2.0;
        --exponent;
    }
    // log(m) = 2 artanh(s), s = (m-1)/(m+1), |s| < 0.172: the term after the eleventh is below 2^-58 of the
    // sum.
    const double s = (mantissa - 1.0) / (mantissa + 1.0), square = s * s;
    double series = 0.0;
    for (int odd = 21; odd >= 3; odd -= 2) series = (series + 1.0 / odd) * square;
    return exponent * 0.69314718055994531 + 2.0 * (s + s * series);
}

}  // namespace infsim
