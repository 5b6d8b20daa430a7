#include "compiler/memory/allocate.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "compiler/memory/assign_addresses.hpp"
#include "compiler/memory/life_index.hpp"
#include "compiler/memory/load_jobs.hpp"
#include "compiler/memory/turns.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kManyLoads = 4096;  ///< above it, an attempt to place them takes long
constexpr int kPatience = 12;             ///< times that more loads are held back for the same one: 1, 2, 4, ...
constexpr int kSettled = 4;     ///< loads around an unplaced one that get their addresses together with the activations
constexpr int kSettlings = 32;  ///< attempts for each depth of rotation
constexpr std::size_t kSettledLoads = 60'000;  ///< total placed for it: this many take a second
constexpr int kAttempts = 100;                 ///< to place loads with some held back, over all that found no place
constexpr std::size_t kRotatedLoads = 5'000;   ///< total placed that way with windows that take turns

bool is_activation(const Buffer& b) {
    return b.purpose != program::Purpose::weights && b.purpose != program::Purpose::constants;
}

/// The peak of the activations alone.
Peak activation_peak(const Liveness& liveness) {
    IdVector<BufferId, bool> counts(liveness.buffers.size(), false);
    for (BufferId b : liveness.buffers.ids()) counts[b] = is_activation(liveness.buffers[b]);
    return peak_of(liveness.buffers, liveness.lives, counts);
}

/// First places what no load fills, then loads around it; else everything at once.
class Allocator {
public:
    Allocator(const Liveness& liveness, const AllocateOptions& options)
        : liveness_(liveness), options_(options), jobs_(load_jobs(liveness)), index_(liveness.lives) {
        for (BufferId b : liveness.buffers.ids())
            if (liveness.lives[b].exists()) used_.push_back(b);
        fix();
        result_.offset.assign(liveness.buffers.size(), 0);
    }

    std::variant<Allocation, AllocationFailure> run() {
        const Peak alone = activation_peak(liveness_), peak = peak_of(liveness_);
        result_.lower_bound = alone.bytes;
        if (alone.bytes > options_.capacity)
            return AllocationFailure{alone.position, alone.bytes, " for activations alone"};
        if (peak.bytes > options_.capacity)
            return AllocationFailure{peak.position, peak.bytes, ", weights in use included"};

        const std::int64_t top = activations_first();
        if (stuck_ && options_.settle_constants) {
            const Offsets unrotated = result_.offset;
            settle_constants(true);
            activations_first();
            if (stuck_) {
                settle_constants(false);
                result_.offset = unrotated;
            }
        }
        if (top > options_.capacity) return AllocationFailure{peak.position, top, " after packing (fragmentation)"};
        const std::optional<JobId> first_stuck = stuck_;
        if (stuck_ && options_.prefetch && options_.patient) place_patiently_rotated();
        const bool late = stuck_ && options_.prefetch;
        // Loads as late as possible leave most space for each other.
        if (late && !all_late_to(*stuck_)) stuck_ = place(false);
        if (stuck_ && all_at_once(peak.bytes)) stuck_.reset();
        if (late && !stuck_ && options_.patient) settle_around(*first_stuck);
        if (stuck_) return no_gap(jobs_[*stuck_]);
        note_starts();
        return std::move(result_);
    }

    /// The last assignment that run() tries, with loads placed the way that leaves them most space.
    bool surely_finds() {
        if (peak_of(liveness_).bytes > options_.capacity) return false;
        result_.lower_bound = activation_peak(liveness_).bytes;
        return assign_fixed(liveness_.lives) <= options_.capacity && !place(false);
    }

private:
    const Liveness& liveness_;
    const AllocateOptions& options_;
    LoadJobs jobs_;
    LifeIndex<BufferId> index_;
    std::vector<BufferId> fixed_, used_;     ///< buffers that no load fills, all that are used
    std::optional<JobId> stuck_ = JobId(0);  ///< the job that found no place
    Allocation result_;

    /// Notes what has its address before the loads are placed.
    void fix() {
        IdVector<BufferId, bool> looks(liveness_.buffers.size(), false);
        for (const LoadJob& job : jobs_) looks[job.buffer] = !job.settled;
        fixed_.clear();
        std::copy_if(used_.begin(), used_.end(), std::back_inserter(fixed_), [&](BufferId b) { return !looks[b]; });
    }

    void settle_constants(bool settled) {
        for (LoadJob& job : jobs_)
            job.settled = settled && liveness_.buffers[job.buffer].purpose == program::Purpose::constants;
        fix();
    }

    /// The height of an assignment of what has its address before the loads.
    std::int64_t assign_fixed(const IdVector<BufferId, Lifetime>& lives) {
        return assign_addresses(liveness_.buffers, lives, fixed_, options_.capacity, result_.lower_bound,
                                result_.offset);
    }

    /// Assigns addresses to what no load fills, with as much rotation as there is room for, then places the loads
    /// around it. Returns the height of the last assignment, which is without rotation if the loads are stuck; `stuck_`
    /// says whether they found their places.
    std::int64_t activations_first() {
        std::int64_t top = 0;
        IdVector<BufferId, Lifetime> before;
        // With many loads, only a patient run tries depths between full rotation and none.
        const int step = jobs_.size() > kManyLoads && !options_.patient ? std::max(1, options_.rotation) : 1;
        for (int depth = options_.rotation; depth >= 0 && stuck_; depth -= step) {
            IdVector<BufferId, Lifetime> wide = depth == options_.rotation ? widest() : turns(depth);
            if (wide == before) continue;  // the same lifetimes as before, so the same outcome
            if (depth > 0 && peak_of_fixed(wide) > options_.capacity) continue;
            top = assign_fixed(wide);
            before = std::move(wide);
            if (top <= options_.capacity) stuck_ = place(options_.prefetch);
        }
        return top;
    }

    IdVector<BufferId, Lifetime> turns(int depth) const {
        return rotated(liveness_, fixed_, depth, options_.near_rotation);
    }

    /// As many turns as are wanted, and outputs linger if there is room for that, too.
    IdVector<BufferId, Lifetime> widest() const {
        IdVector<BufferId, Lifetime> wide = turns(options_.rotation);
        IdVector<BufferId, Lifetime> wider = lingering(liveness_, fixed_, wide);
        return peak_of_fixed(wider) <= options_.capacity ? wider : wide;
    }

    std::int64_t peak_of_fixed(const IdVector<BufferId, Lifetime>& lives) const {
        IdVector<BufferId, bool> counts(lives.size(), false);
        for (BufferId b : fixed_) counts[b] = true;
        return peak_of(liveness_.buffers, lives, counts).bytes;
    }

    std::optional<JobId> place(bool prefetch, JobId from = JobId(0)) {
        return place_loads(liveness_, options_, prefetch, fixed_, index_, jobs_, result_.offset, from);
    }

    /// Places loads patiently with as much rotation as there is room for, then without any: what waits for the window
    /// before it costs more than a few loads that start late.
    void place_patiently_rotated() {
        const Offsets offsets = result_.offset;
        const std::optional<JobId> stuck = stuck_;
        const IdVector<BufferId, Lifetime> wide = widest();
        if (!(wide == liveness_.lives) && peak_of_fixed(wide) <= options_.capacity &&
            assign_fixed(wide) <= options_.capacity) {
            stuck_ = place_patiently(static_cast<int>(kRotatedLoads / std::max<std::size_t>(1, jobs_.size())));
            if (!stuck_) return;
            for (LoadJob& job : jobs_) job.late = false;
        }
        result_.offset = offsets;
        stuck_ = stuck;
        stuck_ = place_patiently(kAttempts);
    }

    /// Places loads as early as possible, except that more and more loads before one that finds no place start late;
    /// then those before the next such one. A few are almost always enough, and whatever starts late is waited for.
    std::optional<JobId> place_patiently(int most_attempts) {
        std::optional<JobId> stuck = stuck_;
        int tries = 0;       // for the same load
        JobId unchanged(0);  // jobs before it have the places of the previous attempt
        for (int attempts = 0; stuck && tries < kPatience && attempts < most_attempts; ++attempts) {
            const JobId before = *stuck;
            // If nothing more can be held back, the same load is stuck again.
            if (const auto first = hold_back(before, 1 << tries)) {
                stuck = place(true, std::min(unchanged, *first));
                unchanged = stuck.value_or(unchanged);
            }
            tries = stuck && *stuck > before ? 0 : tries + 1;
        }
        return stuck;
    }

    /// Whether all loads up to one that found no place were to start late: then it finds none if all others do, too.
    bool all_late_to(JobId stuck) const {
        return std::all_of(jobs_.begin(), jobs_.begin() + stuck.value() + 1, [](const LoadJob& j) { return j.late; });
    }

    /// If weights find no gaps as they come, more and more loads around a stuck one get their addresses together with
    /// the activations, so that all others still arrive ahead; then those around the next stuck one. Rotation is as
    /// deep as that leaves room for. If loads repeat from pass to pass and going through them one by one takes too
    /// long, the same loads of all passes are tried at once. If this leads nowhere, the previous state remains.
    void settle_around(JobId first_stuck) {
        const LoadJobs jobs = jobs_;
        const Offsets offsets = result_.offset;
        const int all = static_cast<int>(jobs_.size());
        if (settled(first_stuck, all)) return;
        if (const int pass = loads_of_a_pass(); pass < all && settled(first_stuck, pass)) return;
        jobs_ = jobs;
        result_.offset = offsets;
    }

    bool settled(JobId first_stuck, int period) {
        std::size_t placed = 0;
        for (int depth = options_.rotation; depth >= 0; --depth)
            if (settled_at(depth, first_stuck, period, placed)) return true;
        return false;
    }

    /// Number of loads after which the same buffers are loaded again, for another part of the batch; all loads if they
    /// are not.
    int loads_of_a_pass() const {
        const int all = static_cast<int>(jobs_.size());
        const auto name = [&](int j) -> const std::string& { return liveness_.buffers[jobs_[JobId(j)].buffer].name; };
        for (int period = 1; 2 * period <= all; ++period) {
            int j = 0;
            while (j + period < all && name(j) == name(j + period)) ++j;
            if (j + period == all) return period;
        }
        return all;
    }

    /// `period`: what is done for a load is also done for the loads that lie multiples of `period` before and after it.
    bool settled_at(int depth, JobId first_stuck, int period, std::size_t& placed) {
        for (LoadJob& job : jobs_) job.late = job.settled = false;
        const int end = static_cast<int>(jobs_.size());
        std::optional<JobId> stuck = first_stuck;
        int around = kSettled;
        for (int attempts = 0; stuck && attempts < kSettlings && placed < kSettledLoads; ++attempts) {
            placed += jobs_.size();
            const JobId before = *stuck;
            const JobId from(std::max(0, before.value() - around)), to(std::min(end, before.value() + around));
            for (JobId j : IdRange<JobId>(from, to))
                for (int same = j.value() % period; same < end; same += period) jobs_[JobId(same)].settled = true;
            fix();
            const IdVector<BufferId, Lifetime> wide = turns(depth);
            if (peak_of_fixed(wide) > options_.capacity || assign_fixed(wide) > options_.capacity) return false;
            stuck = place(true);
            around = stuck && *stuck > before ? kSettled : 4 * around;
        }
        return !stuck;
    }

    /// Makes this many loads before one that found no place start late. Returns the first that did not so far.
    std::optional<JobId> hold_back(JobId stuck, int loads) {
        std::optional<JobId> first;
        for (JobId j : IdRange<JobId>(JobId(std::max(0, stuck.value() - loads)), stuck.next()))
            if (!std::exchange(jobs_[j].late, true) && !first) first = j;
        return first;
    }

    /// One assignment for everything, which leaves less choice in where loads go.
    bool all_at_once(std::int64_t peak) {
        const std::int64_t top =
            assign_addresses(liveness_.buffers, liveness_.lives, used_, options_.capacity, peak, result_.offset);
        if (top > options_.capacity) return false;
        start_early(liveness_, options_, used_, index_, jobs_, result_.offset);
        return true;
    }

    AllocationFailure no_gap(const LoadJob& job) const {
        const Buffer& buffer = liveness_.buffers[job.buffer];
        return {job.latest, options_.capacity + buffer.bytes, " (no gap for " + buffer.name + ")"};
    }

    void note_starts() {
        result_.start.resize(jobs_.size());
        for (const LoadJob& job : jobs_) {
            result_.order.push_back(job.load);
            result_.start[job.load] = job.start;
        }
    }
};

}  // namespace

void Allocation::move_to(const std::vector<std::int32_t>& begin) {
    for (std::int32_t& position : start) position = begin[static_cast<std::size_t>(position)];
}

std::variant<Allocation, AllocationFailure> allocate(const Liveness& liveness, const AllocateOptions& options) {
    return Allocator(liveness, options).run();
}

bool surely_allocates(const Liveness& liveness, const AllocateOptions& options) {
    return Allocator(liveness, options).surely_finds();
}

}  // namespace infsim::compiler
