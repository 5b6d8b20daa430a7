#include "explore/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <list>
#include <utility>

#include "base/check.hpp"

extern char** environ;

namespace infsim::explore {

namespace {

constexpr std::size_t kKeptError = 4096;

std::string system_reason(int error) { return std::strerror(error); }

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
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

struct Pipe {
    Fd read, write;
    Pipe() {
        std::array<int, 2> ends{};
        INFSIM_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot make a pipe: " + system_reason(errno));
        read = Fd(ends[0]);
        write = Fd(ends[1]);
    }
};

/// The signals that end a sweep arrive on a file descriptor while this lives.
class Interrupts {
public:
    Interrupts() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        sigprocmask(SIG_BLOCK, &set_, &before_);
        fd_ = Fd(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &ignore, &pipe_before_);
    }
    ~Interrupts() {
        sigaction(SIGPIPE, &pipe_before_, nullptr);
        sigprocmask(SIG_SETMASK, &before_, nullptr);
    }
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
    int fd() const { return fd_.get(); }

    /// Takes the signal; without, unblocking it would end the process before the caller can say what is left.
    bool take() {
        signalfd_siginfo info{};
        return ::read(fd_.get(), &info, sizeof info) == sizeof info;
    }

private:
    sigset_t set_{}, before_{};
    struct sigaction pipe_before_ {};
    Fd fd_;
};

struct Worker {
    std::size_t index = 0;
    pid_t pid = -1;
    Fd in, out, err;
    std::string input;
    std::size_t written = 0;
    ProcessResult result;
    std::chrono::steady_clock::time_point start;

    bool finished() const { return !out.open() && !err.open(); }
};

pid_t spawn(const std::vector<std::string>& command, int in, int out, int err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    INFSIM_CHECK(error == 0, "cannot start " + command[0] + ": " + system_reason(error));
    return pid;
}

Worker start_worker(const std::vector<std::string>& command, std::size_t index, const std::string& input) {
    Pipe in, out, err;
    Worker w;
    w.index = index;
    w.input = input;
    w.start = std::chrono::steady_clock::now();
    w.pid = spawn(command, in.read.get(), out.write.get(), err.write.get());
    w.in = std::move(in.write);
    w.out = std::move(out.read);
    w.err = std::move(err.read);
    fcntl(w.in.get(), F_SETFL, O_NONBLOCK);
    return w;
}

void feed(Worker& w) {
    const ssize_t n = ::write(w.in.get(), w.input.data() + w.written, w.input.size() - w.written);
    if (n > 0) w.written += static_cast<std::size_t>(n);
    const bool broken = n < 0 && errno != EAGAIN && errno != EINTR;  // it ended without reading: its status tells why
    if (broken || w.written == w.input.size()) w.in.close();
}

/// Appends what is there; closes at the end. `keep`: most bytes to keep, the last ones.
void drain(Fd& fd, std::string& text, std::size_t keep) {
    std::array<char, 1 << 14> buffer;
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > keep) text.erase(0, text.size() - keep);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        fd.close();
    }
}

/// Waits until something can be done, does it; false when interrupted.
bool pump(std::list<Worker>& workers, Interrupts& interrupts) {
    std::vector<pollfd> polls{{interrupts.fd(), POLLIN, 0}};
    for (Worker& w : workers) {
        polls.push_back({w.in.get(), POLLOUT, 0});
        polls.push_back({w.out.get(), POLLIN, 0});
        polls.push_back({w.err.get(), POLLIN, 0});
    }
    if (::poll(polls.data(), polls.size(), -1) < 0) return true;
    if (polls[0].revents != 0 && interrupts.take()) return false;
    std::size_t i = 1;
    for (Worker& w : workers) {
        if (w.in.open() && polls[i].revents != 0) feed(w);
        if (w.out.open() && polls[i + 1].revents != 0) drain(w.out, w.result.out, std::string::npos);
        if (w.err.open() && polls[i + 2].revents != 0) drain(w.err, w.result.err, kKeptError);
        i += 3;
    }
    return true;
}

void reap(Worker& w) {
    int status = 0;
    while (::waitpid(w.pid, &status, 0) < 0 && errno == EINTR) {}
    w.result.exited = WIFEXITED(status);
    w.result.status = w.result.exited ? WEXITSTATUS(status) : WTERMSIG(status);
    w.result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - w.start).count();
}

/// Takes the workers that have closed their outputs off the list and reports them.
void report_ended(std::list<Worker>& workers, const std::function<void(std::size_t, const ProcessResult&)>& done) {
    for (auto w = workers.begin(); w != workers.end();) {
        if (!w->finished()) {
            ++w;
            continue;
        }
        reap(*w);
        const Worker ended = std::move(*w);
        w = workers.erase(w);
        done(ended.index, ended.result);
    }
}

}  // namespace

std::string ProcessResult::ending() const {
    if (exited) return "exit status " + std::to_string(status);
    return "signal " + std::to_string(status) + " (" + ::strsignal(status) + ")";
}

bool run_workers(const std::vector<std::string>& command, const std::vector<std::string>& inputs, int jobs,
                 const std::function<void(std::size_t, const ProcessResult&)>& done) {
    Interrupts interrupts;
    std::list<Worker> workers;
    std::size_t next = 0;
    const auto end_all = [&] {
        for (Worker& w : workers) ::kill(w.pid, SIGKILL);
        for (Worker& w : workers) reap(w);
        workers.clear();
    };
    try {
        while (next < inputs.size() || !workers.empty()) {
            for (; next < inputs.size() && workers.size() < static_cast<std::size_t>(jobs); ++next)
                workers.push_back(start_worker(command, next, inputs[next]));
            if (!pump(workers, interrupts)) {
                end_all();
                return false;
            }
            report_ended(workers, done);
        }
    } catch (...) {
        end_all();
        throw;
    }
    return true;
}

std::string own_executable() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace infsim::explore
