#include "compiler/memory/load_jobs.hpp"

#include <algorithm>
#include <array>

#include "compiler/memory/placed_loads.hpp"
#include "compiler/memory/skyline.hpp"

namespace infsim::compiler {

namespace {

/// How early the next load of a stream may start, given those before it.
class Streams {
public:
    explicit Streams(int depth) : depth_(static_cast<std::size_t>(depth)) {}

    /// Loads of a stream start in order, and at most `depth` of them wait for their use.
    std::int32_t floor(const LoadJob& job) const {
        const Stream& s = of(job);
        const std::int32_t floor = std::max(s.previous_start, job.earliest);
        return s.latest.size() < depth_ ? floor : std::max(floor, s.latest[s.latest.size() - depth_]);
    }
    void started(const LoadJob& job) {
        Stream& s = streams_[static_cast<std::size_t>(job.stream)];
        s.latest.push_back(job.latest);
        s.previous_start = job.start;
    }

private:
    struct Stream {
        std::vector<std::int32_t> latest;  ///< of its loads so far
        std::int32_t previous_start = 0;
    };
    std::size_t depth_;
    std::array<Stream, kLoadStreams> streams_;

    const Stream& of(const LoadJob& job) const { return streams_[static_cast<std::size_t>(job.stream)]; }
};

}  // namespace

LoadJobs load_jobs(const Liveness& liveness) {
    LoadJobs jobs;
    for (LoadId l : liveness.loads.ids()) {
        const LoadSpan& load = liveness.loads[l];
        jobs.push_back({l, load.buffer, load.stream, load.earliest, liveness.lives[load.buffer].first, load.front, 0,
                        false, false});
    }
    // Reloads were added after all other loads, but they are used in between.
    std::stable_sort(jobs.begin(), jobs.end(), [](const LoadJob& a, const LoadJob& b) { return a.front < b.front; });
    return jobs;
}

std::optional<JobId> place_loads(const Liveness& liveness, const AllocateOptions& options, bool prefetch,
                                 const std::vector<BufferId>& fixed, LifeIndex<BufferId>& index, LoadJobs& jobs,
                                 Offsets& offsets, JobId from) {
    index.clear();
    for (BufferId b : fixed) index.add(b);
    PlacedLoads placed;
    Streams streams(options.prefetch_depth);
    Skyline sky(options.capacity);
    for (JobId j : IdRange<JobId>(JobId(0), from)) {
        placed.add(jobs[j].buffer, {jobs[j].start, liveness.lives[jobs[j].buffer].last});
        streams.started(jobs[j]);
    }
    for (JobId j : IdRange<JobId>(from, jobs.next_id())) {
        LoadJob& job = jobs[j];
        const std::int32_t floor = prefetch && !job.late ? std::min(streams.floor(job), job.latest) : job.latest;
        const Buffer& buffer = liveness.buffers[job.buffer];
        const std::int32_t end = liveness.lives[job.buffer].last;
        sky.clear(floor);
        job.start = floor;
        const auto consider = [&](BufferId other, const Lifetime& life) {
            const Buffer& b = liveness.buffers[other];
            if (other.value() == job.buffer.value() || !share_partitions(buffer, b)) return;
            const std::int64_t lo = offsets[other], hi = lo + b.bytes;
            if (!job.settled) sky.add(lo, hi, life.last);
            else if (lo < offsets[job.buffer] + buffer.bytes && offsets[job.buffer] < hi)
                job.start = std::max(job.start, life.last + 1);
        };
        index.overlapping(floor, end, [&](BufferId b) { consider(b, liveness.lives[b]); });
        placed.overlapping(floor, end, consider);
        if (!job.settled) {
            const auto spot = sky.find(buffer.bytes);
            if (spot.offset < 0 || spot.start > job.latest) return j;
            offsets[job.buffer] = static_cast<std::uint32_t>(spot.offset);
            job.start = spot.start;
        }
        placed.add(job.buffer, {job.start, end});
        streams.started(job);
    }
    return std::nullopt;
}

void start_early(const Liveness& liveness, const AllocateOptions& options, const std::vector<BufferId>& used,
                 LifeIndex<BufferId>& index, LoadJobs& jobs, const Offsets& offsets) {
    index.clear();
    for (BufferId b : used) index.add(b);
    std::array<std::int32_t, kLoadStreams> previous_start{};
    for (JobId j : jobs.ids()) {
        LoadJob& job = jobs[j];
        const Buffer& buffer = liveness.buffers[job.buffer];
        const std::int64_t lo = offsets[job.buffer], hi = lo + buffer.bytes;
        std::int32_t& previous = previous_start[static_cast<std::size_t>(job.stream)];
        std::int32_t start = std::max(previous, job.earliest);
        // Here the depth counts the loads of all streams.
        if (j.value() >= options.prefetch_depth) start = std::max(start, jobs[j.next(-options.prefetch_depth)].latest);
        // Loads that moved up stay in the index unchanged: they still end before this one is used.
        index.overlapping(start, liveness.lives[job.buffer].last, [&](BufferId b) {
            const Buffer& other = liveness.buffers[b];
            const std::int64_t at = offsets[b];
            const bool conflict =
                b.value() != job.buffer.value() && share_partitions(buffer, other) && at < hi && lo < at + other.bytes;
            if (conflict) start = std::max(start, liveness.lives[b].last + 1);
        });
        previous = job.start = options.prefetch ? std::min(start, job.latest) : job.latest;
    }
}

}  // namespace infsim::compiler
