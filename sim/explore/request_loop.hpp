// The worker's side of workers.hpp: requests in, answers out, each computed in a forked child.
//
// Forking is safe only here: a worker has one thread and elaborates no SystemC, so each child may do so once. Models
// read for one request are kept for the next.
#pragma once

#include <functional>
#include <string>

#include "explore/point_limits.hpp"

namespace infsim::explore {

/// Computes an answer.
using Job = std::function<std::string()>;
/// Reads a request; the job then runs in a child.
using Prepare = std::function<Job(const std::string&)>;

/// Answers the requests on stdin, one line each, on stdout until there are no more. Ends with its parent process.
void answer_requests(const PointLimits& limits, const Prepare& prepare);

/// The answer of a job that runs in its own fork, inside another job. If memory runs out there, this throws
/// std::bad_alloc; if the fork does not exit by itself, InternalError.
std::string in_fork(const Job& job);

}  // namespace infsim::explore
