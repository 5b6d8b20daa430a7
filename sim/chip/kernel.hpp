// What every module of the chip shares: time across the border to SystemC, observers, and faults on their way out.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <systemc>

#include "base/check.hpp"
#include "base/units.hpp"
#include "observe/observer.hpp"

namespace infsim::chip {

/// The kernel's resolution is one picosecond, checked when a Chip is made.
inline TimePoint kernel_now() {
    return TimePoint{Duration{static_cast<std::int64_t>(sc_core::sc_time_stamp().value())}};
}
inline sc_core::sc_time kernel_time(Duration d) {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(d.count()));
}
/// For threads: sleeps until `t`, which must not lie in the past.
inline void sleep_until(TimePoint t) {
    const Duration left = t - kernel_now();
    INFSIM_CHECK(left >= Duration{}, "a process would have to wake in the past");
    if (left > Duration{}) sc_core::wait(kernel_time(left));
}

/// Hands events to all observers; costs a test of an empty list when there are none.
class Emitter {
public:
    explicit Emitter(std::vector<observe::Observer*> observers) : observers_(std::move(observers)) {}
    bool listening() const { return !observers_.empty(); }
    template <class Event>
    void operator()(const Event& event) const {
        for (observe::Observer* o : observers_) o->on(event);
    }

private:
    std::vector<observe::Observer*> observers_;
};

/// An exception that leaves a process would end in the kernel's own report; it is kept here, the
/// simulation pauses, and Chip::advance_until throws it again.
class Faults {
public:
    template <class Body>
    void guard(Body&& body) {
        try {
            body();
        } catch (const sc_core::sc_unwind_exception&) {
            throw;  // the kernel ending a process
        } catch (...) {
            if (!first_) first_ = std::current_exception();
            sc_core::sc_pause();
        }
    }
    void rethrow() const {
        if (first_) std::rethrow_exception(first_);
    }

private:
    std::exception_ptr first_;
};

}  // namespace infsim::chip
