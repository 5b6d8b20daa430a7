// One child process: text in on its stdin, text out on its stdout and stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace infsim::explore {

/// A file descriptor that is closed with its owner.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }
    void close();
    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// Both ends of a pipe, which no child inherits by itself. Throws InternalError.
struct Pipe {
    Fd read, write;
    Pipe();
};

/// How a process, or one request to it, ended.
struct ProcessResult {
    enum class End { exited, signalled, timeout, out_of_memory };
    End end = End::exited;
    int status = 0;        ///< exit status, or the signal's number; out of memory by the system's hand: SIGKILL
    std::string out, err;  ///< all of what it answered; the last few kB of stderr
    double seconds = 0;    ///< wall clock

    bool good() const { return end == End::exited && status == 0; }
    /// "exit status 4" or "signal 11 (Segmentation fault)".
    std::string ending() const;
};

/// A child with pipes to it, in a process group of its own: what a terminal sends does not reach it. Ended together
/// with its children when this goes away.
class Child {
public:
    /// Spawned, never forked: the parent's memory may hold anything. Throws CannotStart.
    explicit Child(const std::vector<std::string>& command);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();

    /// Waits until it has ended; fills in how.
    void wait(ProcessResult& result);
    /// Ends it and what it started.
    void kill();

    Fd in, out, err;  ///< of the parent: to its stdin, from its stdout and stderr; reading never blocks

private:
    int pid_ = -1;
};

/// The system refuses one more process or file.
struct CannotStart {
    std::string reason;
};

/// The executable that runs.
std::string own_executable();

}  // namespace infsim::explore
