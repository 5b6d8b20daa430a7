// Worker processes: text in on stdin, text out on stdout. Spawned, never forked.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace infsim::explore {

/// How a worker ended.
struct ProcessResult {
    bool exited = false;   ///< false: ended by a signal
    int status = 0;        ///< exit status, or the signal's number
    std::string out, err;  ///< all of stdout; the last few kB of stderr
    double seconds = 0;    ///< wall clock, from spawn to end

    /// "exit status 4" or "signal 11 (Segmentation fault)".
    std::string ending() const;
};

/// Runs `inputs.size()` workers `command`, at most `jobs` at a time, started in order, input i on the stdin
/// of worker i. `done` is called as each ends, in that order. Returns false when the user interrupted (SIGINT
/// or SIGTERM): the running workers are then ended and not reported. Throws InternalError when a process
/// cannot be spawned. While it runs, SIGINT, SIGTERM are received here alone and SIGPIPE is ignored.
bool run_workers(const std::vector<std::string>& command, const std::vector<std::string>& inputs, int jobs,
                 const std::function<void(std::size_t, const ProcessResult&)>& done);

/// Path of the running executable.
std::string own_executable();

}  // namespace infsim::explore
