// The worker's side of workers.hpp: requests in, answers out, each computed in a forked child.
//
// Forking is safe here and nowhere else: a worker has one thread, and elaborates no SystemC, so that each child may
// once. What is read for one request (models) is there for the next one.
#pragma once

#include <functional>
#include <string>

#include "explore/point_limits.hpp"

namespace infsim::explore {

/// Computes an answer.
using Job = std::function<std::string()>;
/// Reads a request; the job then runs in a child.
using Prepare = std::function<Job(const std::string&)>;

/// Answers the requests on stdin, a line each, on stdout until there are no more. Ends with the process that started
/// it.
void answer_requests(const PointLimits& limits, const Prepare& prepare);

/// The answer of a job that runs in a fork of its own, inside of another job. Memory that runs out there is
/// std::bad_alloc here; throws InternalError where the fork ends otherwise than by itself.
std::string in_fork(const Job& job);

}  // namespace infsim::explore
