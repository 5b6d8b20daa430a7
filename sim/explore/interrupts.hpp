// Signals that end a run, as a file descriptor.
#pragma once

#include <signal.h>

#include "explore/process.hpp"

namespace infsim::explore {

/// While this lives, SIGINT, SIGTERM and SIGHUP arrive only here, except those that were ignored before (nohup, a
/// shell's background jobs), and SIGPIPE is ignored.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    /// Readable when a signal is pending.
    int fd() const { return fd_.get(); }
    /// Takes the signal. Otherwise unblocking it would end the process before the caller can report what is stored.
    /// False if there is none.
    bool take();

private:
    sigset_t before_{};
    struct sigaction pipe_before_ {};
    Fd fd_;
};

}  // namespace infsim::explore
