// What every module of the chip shares: time conversion to and from SystemC, observers, and exceptions that leave
// a process.
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
/// For threads: sleeps until `t`, which must not be in the past.
inline void sleep_until(TimePoint t) {
    const Duration left = t - kernel_now();
    INFSIM_CHECK(left >= Duration{}, "a process would have to wake in the past");
    if (left > Duration{}) sc_core::wait(kernel_time(left));
}

/// Hands events to all observers.
class Emitter {
public:
    explicit Emitter(std::vector<observe::Observer*> observers) : observers_(std::move(observers)) {}
    const std::vector<observe::Observer*>& observers() const { return observers_; }
    template <class Event>
    void operator()(const Event& event) const {
        for (observe::Observer* o : observers_) o->on(event);
    }

private:
    std::vector<observe::Observer*> observers_;
};

/// Hands events of a core's instructions to the observers that need them; if none does, it costs a test of an empty
/// list.
class InstructionEmitter {
public:
    /// Events from now on belong to this inference.
    void begin(const Emitter& all, std::uint16_t core, std::uint64_t inference) {
        for (auto* list : {&issued_, &blocked_, &retired_, &transferred_}) list->clear();
        for (observe::Observer* o : all.observers()) {
            const observe::Attention attention = o->attention(core, inference);
            if (attention.issued) issued_.push_back(o);
            if (attention.blocked) blocked_.push_back(o);
            if (attention.retired) retired_.push_back(o);
            if (attention.transferred) transferred_.push_back(o);
        }
    }
    void operator()(const observe::Issued& event) const { tell(issued_, event); }
    void operator()(const observe::Blocked& event) const { tell(blocked_, event); }
    void operator()(const observe::Retired& event) const { tell(retired_, event); }
    void operator()(const observe::Transferred& event) const { tell(transferred_, event); }
    bool retired() const { return !retired_.empty(); }
    bool issued() const { return !issued_.empty(); }
    bool blocked() const { return !blocked_.empty(); }

private:
    template <class Event>
    static void tell(const std::vector<observe::Observer*>& observers, const Event& event) {
        for (observe::Observer* o : observers) o->on(event);
    }
    std::vector<observe::Observer*> issued_, blocked_, retired_, transferred_;
};

/// The kernel would turn an exception that leaves a process into its own report. So it is kept here, the
/// simulation pauses, and Chip::advance_until rethrows it.
class Faults {
public:
    template <class Body>
    void guard(Body&& body) {
        try {
            body();
        } catch (const sc_core::sc_unwind_exception&) {
            throw;  // the kernel ends a process
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
