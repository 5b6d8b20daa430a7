// A pool of worker processes that take request after request.
//
// A worker reads requests, a line each, on stdin and answers each on stdout with a line "HOW STATUS BYTES" and BYTES of
// text behind it. HOW is "exit", "signal", "timeout" or "memory": how what the worker started for the request ended,
// with STATUS the exit status or the signal. A worker that ends instead is itself the answer, and replaced.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explore/process.hpp"

namespace infsim::explore {

/// The next request, a line without its end, or none.
using NextRequest = std::function<std::optional<std::string>()>;
/// Number of a request, counted from 0 in a run, and how it ended.
using RequestDone = std::function<void(std::size_t, const ProcessResult&)>;
/// A request that is being worked on.
struct RunningRequest {
    std::size_t number = 0;
    double seconds = 0;
};
/// Told about once a second of all that run, the longest first.
using RequestsRun = std::function<void(const std::vector<RunningRequest>&)>;

class Workers {
public:
    /// Workers are started when there is something to do for them, at most `jobs`.
    Workers(std::vector<std::string> command, int jobs);
    ~Workers();
    Workers(Workers&&) noexcept;

    /// Gives requests to workers as these become free, and tells `done` as each ends. False when the user interrupted
    /// (SIGINT, SIGTERM, SIGHUP): what was running is then ended and not reported. May be called again. Throws
    /// InternalError when not even one worker can be started; where not as many can as asked for, fewer run.
    bool run(const NextRequest& next, const RequestDone& done, const RequestsRun& runs = {});

private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

/// The same for requests that are all there.
bool run_workers(const std::vector<std::string>& command, const std::vector<std::string>& requests, int jobs,
                 const RequestDone& done, const RequestsRun& runs = {});

/// How many of `wanted` workers the limit of open files allows, which is raised as far as may be; `note` says why where
/// it is fewer. Throws InputError where it is none.
int workers_within_limits(int wanted, std::string& note);

}  // namespace infsim::explore
