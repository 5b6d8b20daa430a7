// One child process: text in on its stdin, text out on its stdout and stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace infsim::explore {

/// A file descriptor, closed by the destructor.
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

/// Both ends of a pipe, close-on-exec. Throws InternalError.
struct Pipe {
    Fd read, write;
    Pipe();
};

/// How a process, or one request to it, ended.
struct ProcessResult {
    enum class End { exited, signalled, timeout, out_of_memory };
    End end = End::exited;
    int status = 0;        ///< exit status or signal number; SIGKILL if the system ran out of memory
    std::string out, err;  ///< the whole answer; the last few kB of stderr
    double seconds = 0;    ///< wall clock

    bool good() const { return end == End::exited && status == 0; }
    /// "exit status 4" or "signal 11 (Segmentation fault)".
    std::string ending() const;
};

/// A child with pipes, in its own process group, so that signals of a terminal do not reach it. The destructor ends it
/// together with its children.
class Child {
public:
    /// Spawned, never forked: the parent's memory may hold anything. Throws CannotStart.
    explicit Child(const std::vector<std::string>& command);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();

    /// Waits until it has ended; fills in how it ended.
    void wait(ProcessResult& result);
    /// Ends it and all processes it started.
    void kill();

    Fd in, out, err;  ///< of the parent: to its stdin, from its stdout and stderr; reading never blocks

private:
    int pid_ = -1;
};

/// The system refuses another process or file.
struct CannotStart {
    std::string reason;
};

/// The path of the running executable.
std::string own_executable();

}  // namespace infsim::explore
