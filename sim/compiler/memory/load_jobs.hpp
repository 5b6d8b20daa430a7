// Loads that need a place and a start: around buffers that have one already, or within given addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/typed_id.hpp"
#include "compiler/memory/allocate.hpp"
#include "compiler/memory/life_index.hpp"

namespace infsim::compiler {

struct LoadJob {
    LoadId load;
    BufferId buffer;
    std::int32_t stream = 0, earliest = 0;
    std::int32_t latest = 0;  ///< position of the first instruction that touches the buffer
    std::int32_t front = 0;
    std::int32_t start = 0;  ///< the result
    bool settled = false;    ///< has its address already
    bool late = false;       ///< starts right before its use, so that a later one finds a place
};

using JobId = TypedId<struct JobTag>;  ///< of loads in the order of use
using LoadJobs = IdVector<JobId, LoadJob>;
using Offsets = IdVector<BufferId, std::uint32_t>;

LoadJobs load_jobs(const Liveness& liveness);

/// Places every load without an address in order of use, around the buffers `fixed`, which have their offsets; with
/// `prefetch` as early as its stream and the bytes allow, otherwise as late as possible. `index` is of the liveness,
/// used as scratch. Returns a job that found no place.
/// A job depends only on those before it. So the jobs before `from` keep their places from the previous call, if that
/// reached them with the same fixed buffers and nothing has changed in these jobs.
std::optional<JobId> place_loads(const Liveness& liveness, const AllocateOptions& options, bool prefetch,
                                 const std::vector<BufferId>& fixed, LifeIndex<BufferId>& index, LoadJobs& jobs,
                                 Offsets& offsets, JobId from = JobId(0));

/// Given the offsets of all buffers (`used`) with each load as late as possible, moves loads up as far as the bytes
/// they go to are free.
void start_early(const Liveness& liveness, const AllocateOptions& options, const std::vector<BufferId>& used,
                 LifeIndex<BufferId>& index, LoadJobs& jobs, const Offsets& offsets);

}  // namespace infsim::compiler
