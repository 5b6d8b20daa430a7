// The observer interface: every figure infsim reports is computed by an implementation of it.
#pragma once

#include "observe/events.hpp"

namespace infsim::observe {

/// Which events of an inference's instructions an observer needs.
struct Attention {
    bool issued = true, blocked = true, retired = true, transferred = true;

    static Attention none() { return {false, false, false, false}; }
};

/// Events of one queue arrive in time order; events of different queues may not (engines run ahead of the
/// kernel if nothing can disturb them), so an observer that needs a global order must sort.
class Observer {
public:
    virtual ~Observer() = default;
    /// Asked at the first issue of every inference. Events of its instructions that no observer needs cost nothing;
    /// events that were not requested may still come.
    virtual Attention attention(std::uint16_t /*core*/, std::uint64_t /*inference*/) const { return {}; }
    virtual void on(const Issued&) {}
    virtual void on(const Blocked&) {}
    virtual void on(const Retired&) {}
    virtual void on(const Transferred&) {}
    virtual void on(const HostTransferred&) {}
    virtual void on(const InferenceEvent&) {}
};

}  // namespace infsim::observe
