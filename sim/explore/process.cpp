#include "explore/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace infsim::explore {

namespace {

std::string system_reason(int error) { return std::strerror(error); }

/// Attributes of a spawned process: no blocked signals, its own process group.
class Attributes {
public:
    Attributes() {
        posix_spawnattr_init(&attributes_);
        sigset_t none, defaults;
        sigemptyset(&none);
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &defaults);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

pid_t spawn(const std::vector<std::string>& command, int in, int out, int err) {
    const Attributes attributes;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    // Resolves all symbols once; otherwise every fork of a worker would resolve the ones it calls again.
    std::vector<char*> environment;
    std::string bind_now = "LD_BIND_NOW=1";
    for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
    environment.insert(environment.end(), {bind_now.data(), nullptr});
    pid_t pid = -1;
    const int error = posix_spawn(&pid, argv[0], &actions, attributes.get(), argv.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw CannotStart{command[0] + ": " + system_reason(error)};
    return pid;
}

}  // namespace

void Fd::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Pipe::Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw CannotStart{"a pipe: " + system_reason(errno)};
    read = Fd(ends[0]);
    write = Fd(ends[1]);
}

std::string ProcessResult::ending() const {
    if (end == End::exited) return "exit status " + std::to_string(status);
    return "signal " + std::to_string(status) + " (" + ::strsignal(status) + ")";
}

Child::Child(const std::vector<std::string>& command) {
    Pipe to, from, from_error;
    pid_ = spawn(command, to.read.get(), from.write.get(), from_error.write.get());
    in = std::move(to.write);
    out = std::move(from.read);
    err = std::move(from_error.read);
    for (const Fd* fd : {&in, &out, &err}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
}

Child::Child(Child&& other) noexcept
    : in(std::move(other.in)),
      out(std::move(other.out)),
      err(std::move(other.err)),
      pid_(std::exchange(other.pid_, -1)) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(in, other.in);
    std::swap(out, other.out);
    std::swap(err, other.err);
    std::swap(pid_, other.pid_);
    return *this;
}

Child::~Child() {
    if (pid_ < 0) return;
    kill();
    ProcessResult ignored;
    wait(ignored);
}

void Child::kill() { ::kill(-pid_, SIGKILL); }

void Child::wait(ProcessResult& result) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {}
    kill();  // its remaining children, while its id cannot belong to another process yet
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
    const bool exited = WIFEXITED(status);
    result.end = exited ? ProcessResult::End::exited : ProcessResult::End::signalled;
    result.status = exited ? WEXITSTATUS(status) : WTERMSIG(status);
}

std::string own_executable() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace infsim::explore
