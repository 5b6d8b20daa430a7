// Random numbers that are the same on every host: the standard fixes mt19937_64 but not its distributions,
// and the C library's logarithm differs in the last bit between processors, so both are implemented here.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace infsim {

/// One stream per (seed, purpose): drawing more for one purpose never changes what another sees.
class RandomStream {
public:
    RandomStream(std::uint64_t seed, std::string_view purpose);

    /// 64 uniform bits.
    std::uint64_t bits() { return engine_(); }
    /// Uniform in [low, high], without bias. low <= high.
    std::int64_t uniform_int(std::int64_t low, std::int64_t high);
    /// Uniform in [0, 1), a multiple of 2^-53.
    double uniform();
    /// Uniform in [low, high).
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Normal, by Marsaglia's polar method.
    double normal(double mean, double deviation);
    /// Exponential with this mean, by inversion.
    double exponential(double mean);

private:
    std::mt19937_64 engine_;
};

/// Natural logarithm of a positive finite x by correctly rounded operations only; within 4 units in the
/// last place.
double portable_log(double x);

}  // namespace infsim
