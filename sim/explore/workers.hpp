// A pool of worker processes that take request after request.
//
// A worker reads requests, one line each, on stdin. It answers each on stdout with a line "HOW STATUS BYTES" and BYTES
// of text after it. HOW is "exit", "signal", "timeout" or "memory": how the process that ran the request ended; STATUS
// is its exit status or signal. If the worker itself ends instead, that is the answer, and the worker is replaced.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explore/process.hpp"

namespace infsim::explore {

/// The next request, a line without its line end, or none.
using NextRequest = std::function<std::optional<std::string>()>;
/// Index of a request in a run, and how it ended.
using RequestDone = std::function<void(std::size_t, const ProcessResult&)>;
/// A running request.
struct RunningRequest {
    std::size_t number = 0;
    double seconds = 0;
};
/// Called about once a second with all running requests, the longest first.
using RequestsRun = std::function<void(const std::vector<RunningRequest>&)>;

class Workers {
public:
    /// Starts workers on demand, at most `jobs`.
    Workers(std::vector<std::string> command, int jobs);
    ~Workers();
    Workers(Workers&&) noexcept;

    /// Gives requests to workers as they become free, and calls `done` as each request ends. False when the user
    /// interrupted (SIGINT, SIGTERM, SIGHUP): running requests are then ended and not reported. May be called again.
    /// Throws InternalError if not even one worker can be started; if some cannot be started, fewer run.
    bool run(const NextRequest& next, const RequestDone& done, const RequestsRun& runs = {});

private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

/// The same for a list of requests.
bool run_workers(const std::vector<std::string>& command, const std::vector<std::string>& requests, int jobs,
                 const RequestDone& done, const RequestsRun& runs = {});

/// How many of `wanted` workers the limit of open files allows, after raising it as far as possible; if fewer, `note`
/// says why. Throws InputError if none.
int workers_within_limits(int wanted, std::string& note);

}  // namespace infsim::explore
