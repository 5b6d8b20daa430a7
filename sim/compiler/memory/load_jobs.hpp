// Loads that want a place and a time to start: around buffers that lie already, or within addresses that are given.
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
    std::int32_t start = 0;  ///< what is looked for
    bool settled = false;    ///< it has its address already
    bool late = false;       ///< starts right before its use, so that a later one finds its place
};

using JobId = TypedId<struct JobTag>;  ///< of loads in the order of use
using LoadJobs = IdVector<JobId, LoadJob>;
using Offsets = IdVector<BufferId, std::uint32_t>;

LoadJobs load_jobs(const Liveness& liveness);

/// Places every load that has no address yet in the order of use, around the buffers `fixed` that have their offsets;
/// with `prefetch` as early as its stream and the bytes allow, otherwise as late as possible. `index` is of the
/// liveness, used as scratch. Returns a job that found no place.
std::optional<JobId> place_loads(const Liveness& liveness, const AllocateOptions& options, bool prefetch,
                                 const std::vector<BufferId>& fixed, LifeIndex<BufferId>& index, LoadJobs& jobs,
                                 Offsets& offsets);

/// When all buffers, `used` ones, have their offsets with each load as late as possible: moves loads up as far as the
/// bytes they go to are free.
void start_early(const Liveness& liveness, const AllocateOptions& options, const std::vector<BufferId>& used,
                 LifeIndex<BufferId>& index, LoadJobs& jobs, const Offsets& offsets);

}  // namespace infsim::compiler
