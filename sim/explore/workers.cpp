#include "explore/workers.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "explore/interrupts.hpp"

namespace infsim::explore {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeptError = 4096;
constexpr int kTickMilliseconds = 1000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A worker and its request.
struct Worker {
    explicit Worker(const std::vector<std::string>& command) : child(command) {}

    Child child;
    std::optional<std::size_t> request;  ///< index of its request
    std::string input;
    std::size_t written = 0;
    std::string answer, error;  ///< read so far
    Clock::time_point start;
    bool ended = false;  ///< its stdout was closed

    void give(std::size_t number, std::string line) {
        request = number;
        input = std::move(line) + "\n";
        written = 0;
        answer.clear();
        error.clear();
        start = Clock::now();
    }
};

void feed(Worker& w) {
    const ssize_t n = ::write(w.child.in.get(), w.input.data() + w.written, w.input.size() - w.written);
    if (n > 0) w.written += static_cast<std::size_t>(n);
    // It ended without reading; its status says why.
    if (n < 0 && errno != EAGAIN && errno != EINTR) w.written = w.input.size();
}

/// Appends the available text; false at the end.
bool drain(const Fd& fd, std::string& text) {
    std::array<char, 1 << 16> buffer;
    for (;;) {
        const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

void read_error(Worker& w) {
    if (!w.child.err.open()) return;
    if (!drain(w.child.err, w.error)) w.child.err.close();
    if (w.error.size() > kKeptError) w.error.erase(0, w.error.size() - kKeptError);
}

/// How many processes Linux has killed for lack of memory since boot; 0 if it does not say.
std::int64_t kills_for_memory() {
    std::ifstream file("/proc/vmstat");
    for (std::string name, value; file >> name >> value;)
        if (name == "oom_kill") return std::stoll(value);
    return 0;
}

/// The answer, if it is complete.
std::optional<ProcessResult> answered(const std::string& text) {
    using End = ProcessResult::End;
    const std::size_t line = text.find('\n');
    if (line == std::string::npos) return std::nullopt;
    const auto words = split(text.substr(0, line), ' ');
    ProcessResult result;
    std::size_t bytes = 0;
    const auto number = [](const std::string& word, auto& value) {
        return std::from_chars(word.data(), word.data() + word.size(), value).ptr == word.data() + word.size();
    };
    INFSIM_CHECK(words.size() == 3 && number(words[1], result.status) && number(words[2], bytes),
                 "a worker answers out of order: " + text.substr(0, std::min<std::size_t>(line, 200)));
    if (text.size() - line - 1 < bytes) return std::nullopt;
    if (words[0] == "signal") result.end = End::signalled;
    if (words[0] == "timeout") result.end = End::timeout;
    if (words[0] == "memory") result.end = End::out_of_memory;
    result.out = text.substr(line + 1, bytes);
    return result;
}

}  // namespace

struct Workers::Pool {
    std::vector<std::string> command;
    std::size_t jobs = 1;
    std::vector<Worker> workers;
    std::int64_t memory_kills = kills_for_memory();  ///< last known count

    Worker* free_worker();
    void find_why(ProcessResult& result);
    void give_out(const NextRequest& next, std::size_t& count, bool& more);
    bool wait(Interrupts& interrupts);
    void report(const RequestDone& done);
    void tell(const RequestsRun& runs) const;
    bool busy() const {
        return std::any_of(workers.begin(), workers.end(), [](const Worker& w) { return w.request.has_value(); });
    }
};

/// An idle worker, started if another one is allowed; null if there is none.
Worker* Workers::Pool::free_worker() {
    for (Worker& w : workers)
        if (!w.request) return &w;
    if (workers.size() >= jobs) return nullptr;
    try {
        return &workers.emplace_back(command);
    } catch (const CannotStart& why) {
        INFSIM_CHECK(!workers.empty(), "cannot start " + why.reason);
        jobs = workers.size();  // the system allows no more: continue with these
        return nullptr;
    }
}

void Workers::Pool::give_out(const NextRequest& next, std::size_t& count, bool& more) {
    while (more) {
        Worker* const w = free_worker();
        if (w == nullptr) return;
        if (auto request = next()) w->give(count++, std::move(*request));
        else more = false;
    }
}

/// Waits up to a second for something to do, and does it; false when interrupted.
bool Workers::Pool::wait(Interrupts& interrupts) {
    std::vector<pollfd> polls{{interrupts.fd(), POLLIN, 0}};
    for (const Worker& w : workers) {
        polls.push_back({w.written < w.input.size() ? w.child.in.get() : -1, POLLOUT, 0});
        polls.push_back({w.child.out.get(), POLLIN, 0});
        polls.push_back({w.child.err.get(), POLLIN, 0});
    }
    if (::poll(polls.data(), polls.size(), kTickMilliseconds) <= 0) return true;
    if (polls[0].revents != 0 && interrupts.take()) return false;
    std::size_t i = 1;
    for (Worker& w : workers) {
        if (polls[i].revents != 0) feed(w);
        if (polls[i + 1].revents != 0) w.ended = !drain(w.child.out, w.answer);
        if (polls[i + 2].revents != 0) read_error(w);
        i += 3;
    }
    return true;
}

/// Assumes that a killed process ran out of memory if the system has killed any for that reason since.
void Workers::Pool::find_why(ProcessResult& result) {
    if (result.end != ProcessResult::End::signalled || result.status != SIGKILL) return;
    const std::int64_t kills = kills_for_memory();
    if (kills > memory_kills) result.end = ProcessResult::End::out_of_memory;
    memory_kills = kills;
}

/// Reports the requests that have ended, and removes workers that have ended from the list.
void Workers::Pool::report(const RequestDone& done) {
    for (std::size_t i = 0; i < workers.size();) {
        Worker& w = workers[i];
        auto result = w.request ? answered(w.answer) : std::nullopt;
        const auto request = w.request;
        const bool ended = w.ended;
        if (ended && !result) {
            result.emplace();
            w.child.wait(*result);
        }
        if (result) {
            read_error(w);
            result->err = std::move(w.error);
            result->seconds = seconds_since(w.start);
            find_why(*result);
            w.request.reset();
        }
        if (ended) workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
        else ++i;
        if (request && result) done(*request, *result);
    }
}

void Workers::Pool::tell(const RequestsRun& runs) const {
    std::vector<RunningRequest> all;
    for (const Worker& w : workers)
        if (w.request) all.push_back({*w.request, seconds_since(w.start)});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
    if (!all.empty()) runs(all);
}

Workers::Workers(std::vector<std::string> command, int jobs) : pool_(std::make_unique<Pool>()) {
    pool_->command = std::move(command);
    pool_->jobs = static_cast<std::size_t>(jobs);
}
Workers::~Workers() = default;
Workers::Workers(Workers&&) noexcept = default;

bool Workers::run(const NextRequest& next, const RequestDone& done, const RequestsRun& runs) {
    Interrupts interrupts;
    std::size_t count = 0;
    bool more = true;
    auto told = Clock::now();
    try {
        for (;;) {
            pool_->give_out(next, count, more);
            if (!more && !pool_->busy()) return true;
            if (!pool_->wait(interrupts)) break;
            pool_->report(done);
            if (runs && seconds_since(told) * 1000 >= kTickMilliseconds) {
                pool_->tell(runs);
                told = Clock::now();
            }
        }
    } catch (...) {
        pool_->workers.clear();
        throw;
    }
    pool_->workers.clear();
    return false;
}

bool run_workers(const std::vector<std::string>& command, const std::vector<std::string>& requests, int jobs,
                 const RequestDone& done, const RequestsRun& runs) {
    std::size_t asked = 0;
    const auto next = [&] { return asked < requests.size() ? std::optional(requests[asked++]) : std::nullopt; };
    return Workers(command, jobs).run(next, done, runs);
}

int workers_within_limits(int wanted, std::string& note) {
    constexpr rlim_t per_worker = 3, spared = 9;  // pipes of one worker; files needed to start one and to write results
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t had = limit.rlim_cur;
    limit.rlim_cur =
        std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(had, static_cast<rlim_t>(wanted) * per_worker + 256));
    if (limit.rlim_cur > had && setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = had;
    const auto open = static_cast<rlim_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{}));
    const rlim_t room = limit.rlim_cur > open + spared ? (limit.rlim_cur - open - spared) / per_worker : 0;
    if (room >= static_cast<rlim_t>(wanted)) return wanted;
    const std::string why = "the system allows " + std::to_string(limit.rlim_cur) + " open files (ulimit -n)";
    if (room == 0) throw InputError("", "", why + ", which is too few for one worker process");
    note = std::to_string(room) + (room == 1 ? " worker runs" : " workers run") + " at a time instead of " +
           std::to_string(wanted) + ": " + why + ", and each takes " + std::to_string(per_worker);
    return static_cast<int>(room);
}

}  // namespace infsim::explore
