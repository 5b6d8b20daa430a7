#include "explore/request_loop.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iostream>
#include <new>

#include "base/check.hpp"
#include "explore/process.hpp"

namespace infsim::explore {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNoMemory = 117;  ///< exit status of a child that ran out of memory; no other code of the project uses it

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) ::_exit(1);  // the reader is gone
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// The child; never returns. It runs no destructors and does not flush the parent's buffers.
[[noreturn]] void compute(const Job& job, const PointLimits& limits, int out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (limits.memory) {
        const auto bytes = static_cast<rlim_t>(limits.memory->count());
        const rlimit limit{bytes, bytes};
        ::setrlimit(RLIMIT_DATA, &limit);
    }
    // Exits immediately, because unwinding an exception may need memory.
    std::set_new_handler([] { ::_exit(kNoMemory); });
    try {
        write_all(out, job());
    } catch (const std::bad_alloc&) {  // requested more than is possible
        ::_exit(kNoMemory);
    } catch (const std::exception& e) {
        std::cerr << e.what() << std::endl;
        ::_exit(4);
    }
    ::_exit(0);
}

/// Remaining milliseconds for poll; -1 without a limit.
int left(const PointLimits& limits, Clock::time_point start) {
    if (!limits.time) return -1;
    const auto until = start + std::chrono::nanoseconds(limits.time->count() / 1000);
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(rest, 0, 1'000'000'000));
}

/// Reads everything the child writes; false when its time is up.
bool read_answer(int fd, const PointLimits& limits, std::string& text) {
    const auto start = Clock::now();
    std::array<char, 1 << 16> buffer;
    for (;;) {
        pollfd wait{fd, POLLIN, 0};
        const int ready = ::poll(&wait, 1, left(limits, start));
        if (ready == 0 && left(limits, start) == 0) return false;
        if (ready <= 0) continue;
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n == 0) return true;
        if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

/// How a child ended, and its answer.
struct Ended {
    bool in_time = true;
    int status = 0;  ///< as from waitpid
    std::string text;

    bool without_memory() const { return WIFEXITED(status) && WEXITSTATUS(status) == kNoMemory; }
};

Ended run_in_fork(const Job& job, const PointLimits& limits) {
    Pipe pipe;
    const pid_t child = ::fork();
    INFSIM_CHECK(child >= 0, "cannot fork");
    if (child == 0) compute(job, limits, pipe.write.get());
    pipe.write.close();
    Ended ended;
    ended.in_time = read_answer(pipe.read.get(), limits, ended.text);
    if (!ended.in_time) ::kill(child, SIGKILL);
    while (::waitpid(child, &ended.status, 0) < 0 && errno == EINTR) {}
    return ended;
}

std::string answer(const Job& job, const PointLimits& limits) {
    const Ended ended = run_in_fork(job, limits);
    const auto header = [&](const char* how, int code) {
        return how + (" " + std::to_string(code)) + " " + std::to_string(ended.text.size()) + "\n" + ended.text;
    };
    if (!ended.in_time) return header("timeout", 0);
    if (WIFSIGNALED(ended.status)) return header("signal", WTERMSIG(ended.status));
    if (ended.without_memory()) return header("memory", 0);
    return header("exit", WEXITSTATUS(ended.status));
}

}  // namespace

std::string in_fork(const Job& job) {
    Ended ended = run_in_fork(job, {});
    if (ended.without_memory()) throw std::bad_alloc();
    INFSIM_CHECK(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0,
                 "a simulation in a fork ended before its answer");
    return std::move(ended.text);
}

void answer_requests(const PointLimits& limits, const Prepare& prepare) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (std::string line; std::getline(std::cin, line);) write_all(STDOUT_FILENO, answer(prepare(line), limits));
}

}  // namespace infsim::explore
