// Loads that are placed again after a change find the same places as from the start.
#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/load_jobs.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

/// Buffers in fixed places and loads around them.
struct Crowd {
    Liveness liveness;
    std::vector<BufferId> fixed;
    Offsets offsets;
    AllocateOptions options;

    explicit Crowd(RandomStream& random) {
        for (int i = 0; i < 40; ++i) {
            Buffer b;
            b.bytes = 4 * random.uniform_int(1, 6);
            const auto first = static_cast<std::int32_t>(random.uniform_int(0, 60));
            const auto last = first + static_cast<std::int32_t>(random.uniform_int(0, 9));
            liveness.lives.push_back({first, last});
            const BufferId id = liveness.buffers.push_back(b);
            if (i % 4 == 0) fixed.push_back(id);
            else liveness.loads.push_back({id, static_cast<std::int32_t>(i % 3), 0, first});
        }
        offsets.assign(liveness.buffers.size(), 0);
        options.capacity = 4 * random.uniform_int(12, 36);
        options.prefetch_depth = static_cast<int>(random.uniform_int(1, 8));
    }
    std::optional<JobId> place(LoadJobs& jobs, Offsets& to, JobId from) const {
        LifeIndex<BufferId> index(liveness.lives);
        return place_loads(liveness, options, true, fixed, index, jobs, to, from);
    }
};

}  // namespace

TEST_CASE("loads that are placed again from the first change on find the places that they find from the start") {
    RandomStream random(5, "placed again");
    int stuck_later = 0;
    for (int round = 0; round < 500; ++round) {
        const Crowd crowd(random);
        LoadJobs jobs = load_jobs(crowd.liveness);
        Offsets offsets = crowd.offsets;
        std::optional<JobId> stuck = crowd.place(jobs, offsets, JobId(0));
        for (int change = 0; change < 6; ++change) {
            const JobId end = stuck ? *stuck : jobs.next_id();  // jobs before it have places
            const JobId from(static_cast<std::int32_t>(random.uniform_int(0, std::max(0, end.value() - 1))));
            for (JobId j : IdRange<JobId>(from, jobs.next_id())) jobs[j].late = random.uniform_int(0, 1) == 0;
            LoadJobs fresh = jobs;
            Offsets fresh_offsets = crowd.offsets;
            const auto expected = crowd.place(fresh, fresh_offsets, JobId(0)), found = crowd.place(jobs, offsets, from);
            REQUIRE(found == expected);
            for (JobId j : IdRange<JobId>(JobId(0), found ? *found : jobs.next_id())) {
                REQUIRE(jobs[j].start == fresh[j].start);
                REQUIRE(offsets[jobs[j].buffer] == fresh_offsets[jobs[j].buffer]);
            }
            stuck_later += found && stuck && *found > *stuck;
            stuck = found;
        }
    }
    CHECK(stuck_later > 100);
}
