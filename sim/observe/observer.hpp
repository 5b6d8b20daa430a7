// The observer interface: every figure infsim reports is computed by an implementation of it.
#pragma once

#include "observe/events.hpp"

namespace infsim::observe {

/// Events of one queue arrive in time order; events of different queues may not (engines run ahead of the
/// kernel where nothing can disturb them), so an observer sorts where it needs a global order.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on(const Issued&) {}
    virtual void on(const Blocked&) {}
    virtual void on(const Retired&) {}
    virtual void on(const Transferred&) {}
    virtual void on(const HostTransferred&) {}
    virtual void on(const InferenceEvent&) {}
};

}  // namespace infsim::observe
