#include "compiler/memory/allocate.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/memory/assign_addresses.hpp"
#include "compiler/memory/life_index.hpp"
#include "compiler/memory/skyline.hpp"

namespace infsim::compiler {

namespace {

/// Lifetimes stretched so that `depth` further buffers of the same name lie elsewhere: a window or scratch buffer that
/// takes the place of the one just before would have to wait for its readers.
std::vector<Lifetime> rotated(const Liveness& liveness, const std::vector<BufferId>& ids, int depth) {
    std::vector<Lifetime> out = liveness.lives;
    std::map<std::string, std::vector<BufferId>> same;
    for (BufferId b : ids)
        if (const Buffer& buffer = liveness.buffers[static_cast<std::size_t>(b)]; buffer.rotates)
            same[buffer.name].push_back(b);
    for (const auto& [name, list] : same)
        for (std::size_t i = 0; i + 1 < list.size(); ++i) {
            const std::size_t to = std::min(i + static_cast<std::size_t>(depth), list.size() - 1);
            for (std::size_t k = i + 1; k <= to; ++k) {
                Lifetime& mine = out[static_cast<std::size_t>(list[i])];
                mine.last = std::max(mine.last, liveness.lives[static_cast<std::size_t>(list[k])].last);
            }
        }
    return out;
}

struct LoadJob {
    std::int32_t load;  ///< index into Liveness::loads
    BufferId buffer;
    std::int32_t stream, earliest, latest,
        front;  ///< latest: position of the first instruction that touches the buffer
    std::int32_t start = 0;
};

std::vector<LoadJob> load_jobs(const Liveness& liveness) {
    std::vector<LoadJob> jobs;
    for (const LoadSpan& load : liveness.loads)
        jobs.push_back({static_cast<std::int32_t>(jobs.size()), load.buffer, load.stream, load.earliest,
                        liveness.lives[static_cast<std::size_t>(load.buffer)].first, load.front});
    // Reloads were added behind all other loads; they are used in between.
    std::stable_sort(jobs.begin(), jobs.end(), [](const LoadJob& a, const LoadJob& b) { return a.front < b.front; });
    return jobs;
}

/// Loads that have a place, in blocks so that most of them need no look.
class PlacedLoads {
public:
    void add(BufferId buffer, const Lifetime& life) {
        if (entries_.size() % kBlock == 0) blocks_.push_back(life);
        Lifetime& block = blocks_.back();
        block = {std::min(block.first, life.first), std::max(block.last, life.last)};
        entries_.emplace_back(buffer, life);
    }
    /// visit(buffer, lifetime) for every load alive at some instant of [first, last].
    template <class Visit>
    void overlapping(std::int32_t first, std::int32_t last, Visit&& visit) const {
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            if (blocks_[b].first > last || blocks_[b].last < first) continue;
            for (std::size_t e = b * kBlock; e < std::min((b + 1) * kBlock, entries_.size()); ++e)
                if (entries_[e].second.first <= last && entries_[e].second.last >= first)
                    visit(entries_[e].first, entries_[e].second);
        }
    }

private:
    static constexpr std::size_t kBlock = 64;
    std::vector<std::pair<BufferId, Lifetime>> entries_;
    std::vector<Lifetime> blocks_;  ///< from the smallest `first` to the largest `last` of a block
};

constexpr std::size_t kManyLoads = 4096;

class Settling {
public:
    Settling(const Liveness& liveness, const AllocateOptions& options)
        : liveness_(liveness), options_(options), jobs_(load_jobs(liveness)), index_(liveness.lives) {
        std::vector<bool> is_load(liveness.buffers.size(), false);
        for (const LoadSpan& l : liveness.loads) is_load[static_cast<std::size_t>(l.buffer)] = true;
        for (std::size_t b = 0; b < liveness.buffers.size(); ++b) {
            if (liveness.lives[b].last < 0) continue;
            everything_.push_back(static_cast<BufferId>(b));
            if (!is_load[b]) fixed_.push_back(static_cast<BufferId>(b));
        }
        result_.offset.assign(liveness.buffers.size(), 0);
    }

    std::variant<Allocation, AllocationFailure> run() {
        const std::size_t n = liveness_.buffers.size();
        std::vector<bool> activations(n, true);
        for (std::size_t b = 0; b < n; ++b) {
            const auto purpose = liveness_.buffers[b].purpose;
            if (purpose == program::Purpose::weights || purpose == program::Purpose::constants) activations[b] = false;
        }
        const Peak alone = peak_of(liveness_.buffers, liveness_.lives, activations);
        result_.lower_bound = alone.bytes;
        const Peak peak = peak_of(liveness_.buffers, liveness_.lives, std::vector<bool>(n, true));
        if (alone.bytes > options_.capacity)
            return AllocationFailure{alone.position, alone.bytes, " for activations alone"};
        if (peak.bytes > options_.capacity)
            return AllocationFailure{peak.position, peak.bytes, ", weights in use included"};

        const std::int64_t top = activations_first();
        if (top > options_.capacity) return AllocationFailure{peak.position, top, " after packing (fragmentation)"};
        if (stuck_ && options_.prefetch)
            stuck_ = place_loads(false);  // loads as late as possible leave the most room for each other
        if (stuck_ && all_at_once(peak.bytes)) stuck_.reset();
        if (stuck_) {
            const LoadJob& job = jobs_[*stuck_];
            const Buffer& buffer = liveness_.buffers[static_cast<std::size_t>(job.buffer)];
            return AllocationFailure{job.latest, options_.capacity + buffer.bytes, " (no gap for " + buffer.name + ")"};
        }
        result_.start.resize(jobs_.size());
        for (const LoadJob& job : jobs_) {
            result_.order.push_back(job.load);
            result_.start[static_cast<std::size_t>(job.load)] = job.start;
        }
        return std::move(result_);
    }

private:
    const Liveness& liveness_;
    const AllocateOptions& options_;
    std::vector<LoadJob> jobs_;  ///< in the order of use
    LifeIndex index_;
    std::vector<BufferId> fixed_, everything_;  ///< buffers that no load fills, all that are used
    std::optional<std::size_t> stuck_ = 0;      ///< the job that found no place
    Allocation result_;

    std::uint32_t& offset(BufferId b) { return result_.offset[static_cast<std::size_t>(b)]; }
    const Lifetime& life(BufferId b) const { return liveness_.lives[static_cast<std::size_t>(b)]; }

    /// Packs what no load fills, with as much rotation as there is room for, then the loads around it. Returns the
    /// height of the last packing; `stuck_` says whether the loads found their places.
    std::int64_t activations_first() {
        std::int64_t top = 0;
        std::vector<Lifetime> before;
        // Where there are many loads each attempt takes its time: then rotation is all or nothing.
        const int step = jobs_.size() > kManyLoads ? std::max(1, options_.rotation) : 1;
        for (int depth = options_.rotation; depth >= 0 && stuck_; depth -= step) {
            std::vector<Lifetime> wide = rotated(liveness_, fixed_, depth);
            if (wide == before) continue;  // as it was, so it ends
            if (depth > 0 && peak_of_fixed(wide) > options_.capacity) continue;
            top = assign_addresses(liveness_.buffers, wide, fixed_, options_.capacity, result_.lower_bound,
                                   result_.offset);
            before = std::move(wide);
            if (top <= options_.capacity) stuck_ = place_loads(options_.prefetch);
        }
        return top;
    }

    std::int64_t peak_of_fixed(const std::vector<Lifetime>& lives) const {
        std::vector<bool> counts(lives.size(), false);
        for (BufferId b : fixed_) counts[static_cast<std::size_t>(b)] = true;
        return peak_of(liveness_.buffers, lives, counts).bytes;
    }

    /// Places every load in the order of use. Returns the index of a job that found no place.
    std::optional<std::size_t> place_loads(bool prefetch) {
        index_.clear();
        for (BufferId b : fixed_) index_.add(static_cast<std::size_t>(b));
        PlacedLoads placed;
        std::vector<std::vector<std::int32_t>> latest_of_stream(kLoadStreams);
        std::vector<std::int32_t> previous_start(kLoadStreams, 0);
        const auto depth = static_cast<std::size_t>(options_.prefetch_depth);
        Skyline sky(options_.capacity);
        for (std::size_t j = 0; j < jobs_.size(); ++j) {
            LoadJob& job = jobs_[j];
            auto& seen = latest_of_stream[static_cast<std::size_t>(job.stream)];
            std::int32_t floor = std::max(previous_start[static_cast<std::size_t>(job.stream)], job.earliest);
            if (seen.size() >= depth) floor = std::max(floor, seen[seen.size() - depth]);
            if (!prefetch) floor = job.latest;
            floor = std::min(floor, job.latest);
            const Buffer& buffer = liveness_.buffers[static_cast<std::size_t>(job.buffer)];
            const std::int32_t end = life(job.buffer).last;
            sky.clear(floor);
            const auto consider = [&](BufferId other, const Lifetime& l) {
                const Buffer& b = liveness_.buffers[static_cast<std::size_t>(other)];
                if (share_partitions(buffer, b)) sky.add(offset(other), offset(other) + b.bytes, l.last);
            };
            index_.overlapping(floor, end,
                               [&](std::size_t b) { consider(static_cast<BufferId>(b), liveness_.lives[b]); });
            placed.overlapping(floor, end, consider);
            const auto spot = sky.find(buffer.bytes);
            if (spot.offset < 0 || spot.start > job.latest) return j;
            offset(job.buffer) = static_cast<std::uint32_t>(spot.offset);
            job.start = spot.start;
            placed.add(job.buffer, {spot.start, end});
            seen.push_back(job.latest);
            previous_start[static_cast<std::size_t>(job.stream)] = spot.start;
        }
        return std::nullopt;
    }

    /// One packing for everything, at the price of less choice in where loads go.
    bool all_at_once(std::int64_t peak) {
        const std::int64_t top =
            assign_addresses(liveness_.buffers, liveness_.lives, everything_, options_.capacity, peak, result_.offset);
        if (top > options_.capacity) return false;
        start_early();
        return true;
    }

    /// When one packing of everything, each load as late as possible, has allocated the addresses: moves loads up as
    /// far as the bytes they go to are free.
    void start_early() {
        index_.clear();
        for (BufferId b : everything_) index_.add(static_cast<std::size_t>(b));
        std::vector<std::int32_t> previous_start(kLoadStreams, 0);
        const auto depth = static_cast<std::size_t>(options_.prefetch_depth);
        for (std::size_t j = 0; j < jobs_.size(); ++j) {
            LoadJob& job = jobs_[j];
            const Buffer& buffer = liveness_.buffers[static_cast<std::size_t>(job.buffer)];
            const std::int64_t lo = offset(job.buffer), hi = lo + buffer.bytes;
            std::int32_t& previous = previous_start[static_cast<std::size_t>(job.stream)];
            std::int32_t start = std::max(previous, job.earliest);
            if (j >= depth) start = std::max(start, jobs_[j - depth].latest);
            // Loads that moved up stay in the index as they were: they still end before this one is used.
            index_.overlapping(start, life(job.buffer).last, [&](std::size_t b) {
                const Buffer& other = liveness_.buffers[b];
                const std::int64_t at = result_.offset[b];
                const bool conflict = static_cast<BufferId>(b) != job.buffer && share_partitions(buffer, other) &&
                                      at < hi && lo < at + other.bytes;
                if (conflict) start = std::max(start, liveness_.lives[b].last + 1);
            });
            previous = job.start = options_.prefetch ? std::min(start, job.latest) : job.latest;
        }
    }
};

}  // namespace

void Allocation::move_to(const std::vector<std::int32_t>& begin) {
    for (std::int32_t& position : start) position = begin[static_cast<std::size_t>(position)];
}

std::variant<Allocation, AllocationFailure> allocate(const Liveness& liveness, const AllocateOptions& options) {
    return Settling(liveness, options).run();
}

}  // namespace infsim::compiler
