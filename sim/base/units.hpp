// Strong types for the physical quantities of the simulator.
//
// Only `Bytes / Bandwidth` and `Cycles / Frequency` convert between quantities; both yield a
// Duration and round up once, so that a rounded clock period never accumulates drift.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

namespace infsim {

/// 128-bit integers, for products that exceed 64 bits before a division.
__extension__ typedef __int128 Int128;

/// Integer picoseconds: the only representation of simulated time.
using Duration = std::chrono::duration<std::int64_t, std::pico>;

/// Tag of the simulated clock: its time points never mix with those of the wall clock.
struct SimClock {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<SimClock, Duration>;
    static constexpr bool is_steady = true;
};
using TimePoint = SimClock::time_point;

constexpr Duration picoseconds(std::int64_t n) { return Duration{n}; }
constexpr Duration nanoseconds(std::int64_t n) { return Duration{n * 1'000}; }
constexpr Duration microseconds(std::int64_t n) { return Duration{n * 1'000'000}; }
constexpr TimePoint time_origin() { return TimePoint{}; }

/// A duration in seconds / milliseconds as a floating-point number, for reports only.
constexpr double seconds(Duration d) { return static_cast<double>(d.count()) * 1e-12; }
constexpr double milliseconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }

/// CRTP base of an integer quantity with the arithmetic that makes sense within one quantity.
template <class Derived>
class Quantity {
public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(std::int64_t n) : n_(n) {}
    constexpr std::int64_t count() const { return n_; }

    friend constexpr Derived operator+(Derived a, Derived b) { return Derived{a.count() + b.count()}; }
    friend constexpr Derived operator-(Derived a, Derived b) { return Derived{a.count() - b.count()}; }
    friend constexpr Derived operator*(Derived a, std::int64_t k) { return Derived{a.count() * k}; }
    friend constexpr Derived operator*(std::int64_t k, Derived a) { return Derived{a.count() * k}; }
    friend constexpr bool operator==(Derived a, Derived b) { return a.count() == b.count(); }
    friend constexpr bool operator!=(Derived a, Derived b) { return a.count() != b.count(); }
    friend constexpr bool operator<(Derived a, Derived b) { return a.count() < b.count(); }
    friend constexpr bool operator>(Derived a, Derived b) { return b < a; }
    friend constexpr bool operator<=(Derived a, Derived b) { return !(b < a); }
    friend constexpr bool operator>=(Derived a, Derived b) { return !(a < b); }
    constexpr Derived& operator+=(Derived b) {
        n_ += b.count();
        return static_cast<Derived&>(*this);
    }
    constexpr Derived& operator-=(Derived b) {
        n_ -= b.count();
        return static_cast<Derived&>(*this);
    }

private:
    std::int64_t n_ = 0;
};

class Bytes : public Quantity<Bytes> {
    using Quantity::Quantity;
};
class Cycles : public Quantity<Cycles> {
    using Quantity::Quantity;
};
/// Hertz.
class Frequency : public Quantity<Frequency> {
    using Quantity::Quantity;
};
/// Bytes per second.
class Bandwidth : public Quantity<Bandwidth> {
    using Quantity::Quantity;
};

namespace detail {
/// ceil(amount * 1e12 / per_second) in 128-bit arithmetic; `per_second` must be positive.
constexpr Duration duration_of(std::int64_t amount, std::int64_t per_second) {
    const auto scaled = static_cast<Int128>(amount) * 1'000'000'000'000;
    return Duration{static_cast<std::int64_t>((scaled + per_second - 1) / per_second)};
}
}  // namespace detail

/// Time to move `b` bytes at `w`, rounded up to a whole picosecond. `w` must be positive.
constexpr Duration operator/(Bytes b, Bandwidth w) { return detail::duration_of(b.count(), w.count()); }
/// Time of `c` cycles at `f`, rounded up to a whole picosecond. `f` must be positive.
constexpr Duration operator/(Cycles c, Frequency f) { return detail::duration_of(c.count(), f.count()); }

}  // namespace infsim
