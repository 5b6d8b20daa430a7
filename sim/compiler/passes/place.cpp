#include "compiler/passes/place.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "compiler/passes/lifetimes.hpp"

namespace infsim::compiler {

namespace {

/// Packs the buffers listed in `sequence`, one after the other, each at the lowest address that is free during
/// its whole life. Returns the highest byte used + 1.
std::int64_t pack(const Code& code, const std::vector<Lifetime>& lives, const std::vector<BufferId>& sequence,
                  std::vector<std::uint32_t>& offset) {
    std::vector<BufferId> placed;
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    std::int64_t top = 0;
    for (BufferId id : sequence) {
        const Buffer& buffer = code.buffers[static_cast<std::size_t>(id)];
        const Lifetime life = lives[static_cast<std::size_t>(id)];
        taken.clear();
        for (BufferId other : placed) {
            const Lifetime l = lives[static_cast<std::size_t>(other)];
            if (l.first > life.last || life.first > l.last) continue;
            const Buffer& b = code.buffers[static_cast<std::size_t>(other)];
            if (share_partitions(buffer, b)) taken.emplace_back(offset[static_cast<std::size_t>(other)], offset[static_cast<std::size_t>(other)] + b.bytes);
        }
        std::sort(taken.begin(), taken.end());
        std::int64_t at = 0;
        for (const auto& [lo, hi] : taken) {
            if (at + buffer.bytes <= lo) break;
            at = std::max(at, hi);
        }
        offset[static_cast<std::size_t>(id)] = static_cast<std::uint32_t>(at);
        placed.push_back(id);
        top = std::max(top, at + buffer.bytes);
    }
    return top;
}

/// Orders in which packing is tried; the best result is kept. Later rounds put first what stood out last time.
std::int64_t pack_activations(const Code& code, const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids,
                              std::int64_t capacity, std::int64_t lower_bound, std::vector<std::uint32_t>& offset) {
    const auto bytes = [&](BufferId b) { return code.buffers[static_cast<std::size_t>(b)].bytes; };
    const auto life = [&](BufferId b) { return lives[static_cast<std::size_t>(b)]; };
    const auto length = [&](BufferId b) { return life(b).last - life(b).first; };
    std::int64_t best = INT64_MAX;
    std::vector<std::uint32_t> trial(offset.size());
    const auto attempt = [&](const std::vector<BufferId>& sequence) {
        const std::int64_t top = pack(code, lives, sequence, trial);
        if (top < best) {
            best = top;
            offset = trial;
        }
    };
    std::vector<BufferId> sequence = ids;
    std::stable_sort(sequence.begin(), sequence.end(), [&](BufferId a, BufferId b) { return bytes(a) > bytes(b); });
    attempt(sequence);
    if (best > lower_bound) {
        sequence = ids;   // in program order
        attempt(sequence);
    }
    if (best > capacity) {
        std::stable_sort(sequence.begin(), sequence.end(), [&](BufferId a, BufferId b) {
            return std::int64_t{bytes(a)} * length(a) > std::int64_t{bytes(b)} * length(b);
        });
        attempt(sequence);
    }
    for (int round = 0; round < 24 && best > capacity; ++round) {
        std::stable_partition(sequence.begin(), sequence.end(), [&](BufferId b) {
            return trial[static_cast<std::size_t>(b)] + bytes(b) > static_cast<std::uint32_t>(capacity);
        });
        attempt(sequence);
    }
    return best;
}

/// Address space over which a load is placed: for each stretch of bytes, until when it is taken.
class Skyline {
public:
    Skyline(std::int64_t capacity, std::int32_t floor) : capacity_(capacity), floor_(floor) {}
    void add(std::int64_t lo, std::int64_t hi, std::int32_t last) { spans_.push_back({lo, hi, last}); }

    struct Spot { std::int64_t offset = -1; std::int32_t start = INT32_MAX; };
    /// The place for `bytes` that is free earliest; of several, the highest.
    Spot find(std::int64_t bytes) {
        build();
        Spot best;
        std::deque<std::size_t> window;   // indices of pieces with falling `until`
        std::size_t next = 0;
        // Slide a window of `bytes` whose left edge stands at the start of a piece or whose right edge at an end.
        std::vector<std::int64_t> edges;
        for (const Piece& p : pieces_) {
            edges.push_back(p.lo);
            edges.push_back(p.hi - bytes);
        }
        std::sort(edges.begin(), edges.end());
        for (std::int64_t at : edges) {
            if (at < 0 || at + bytes > capacity_) continue;
            while (next < pieces_.size() && pieces_[next].lo < at + bytes) {
                while (!window.empty() && pieces_[window.back()].until <= pieces_[next].until) window.pop_back();
                window.push_back(next++);
            }
            while (!window.empty() && pieces_[window.front()].hi <= at) window.pop_front();
            const std::int32_t start = std::max(floor_, window.empty() ? floor_ : pieces_[window.front()].until + 1);
            if (start <= best.start) best = {at, start};
        }
        return best;
    }

private:
    struct Span { std::int64_t lo, hi; std::int32_t last; };
    struct Piece { std::int64_t lo, hi; std::int32_t until; };
    std::int64_t capacity_;
    std::int32_t floor_;
    std::vector<Span> spans_;
    std::vector<Piece> pieces_;

    void build() {
        std::vector<std::int64_t> cuts = {0, capacity_};
        for (const Span& s : spans_) {
            cuts.push_back(s.lo);
            cuts.push_back(std::min(s.hi, capacity_));
        }
        std::sort(cuts.begin(), cuts.end());
        cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
        std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.lo < b.lo; });
        std::multiset<std::pair<std::int32_t, std::int64_t>> open;   // (last, hi)
        std::size_t next = 0;
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
            while (next < spans_.size() && spans_[next].lo <= cuts[i]) {
                open.insert({spans_[next].last, spans_[next].hi});
                ++next;
            }
            while (!open.empty() && open.rbegin()->second <= cuts[i]) open.erase(std::prev(open.end()));
            pieces_.push_back({cuts[i], cuts[i + 1], open.empty() ? -1 : open.rbegin()->first});
        }
    }
};

/// Lifetimes stretched so that `depth` further buffers of the same name lie elsewhere: a window or scratch buffer that
/// takes the place of the one just before would have to wait for its readers.
std::vector<Lifetime> rotated(const Code& code, const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids, int depth) {
    std::vector<Lifetime> out = lives;
    std::map<std::string, std::vector<BufferId>> same;
    for (BufferId b : ids)
        if (code.buffers[static_cast<std::size_t>(b)].rotates) same[code.buffers[static_cast<std::size_t>(b)].name].push_back(b);
    for (const auto& [name, list] : same)
        for (std::size_t i = 0; i + 1 < list.size(); ++i) {
            const std::size_t to = std::min(i + static_cast<std::size_t>(depth), list.size() - 1);
            for (std::size_t k = i + 1; k <= to; ++k) {
                Lifetime& mine = out[static_cast<std::size_t>(list[i])];
                mine.last = std::max(mine.last, lives[static_cast<std::size_t>(list[k])].last);
            }
        }
    return out;
}

struct LoadJob {
    BufferId buffer;
    std::int32_t stream, earliest, latest;   ///< latest: position of the first instruction that touches the buffer
    std::int32_t start = 0;
    std::vector<std::int32_t> instructions;
};

std::vector<LoadJob> load_jobs(const Code& code, const std::vector<Lifetime>& lives) {
    std::vector<LoadJob> jobs;
    for (const Load& load : code.loads)
        jobs.push_back({load.buffer, load.stream, load.earliest, lives[static_cast<std::size_t>(load.buffer)].first, 0, {}});
    for (std::size_t i = 0; i < code.instructions.size(); ++i)
        if (code.instructions[i].load >= 0)
            jobs[static_cast<std::size_t>(code.instructions[i].load)].instructions.push_back(static_cast<std::int32_t>(i));
    // Reloads were added behind all other loads; they are used in between.
    std::stable_sort(jobs.begin(), jobs.end(), [](const LoadJob& a, const LoadJob& b) { return a.instructions.front() < b.instructions.front(); });
    return jobs;
}

DoesNotFit refusal(const Code& code, const std::vector<Lifetime>& lives, const std::vector<program::LayerInfo>& layers,
                   std::int32_t position, std::int64_t wanted, const PlaceOptions& options, const std::string& why) {
    const std::int64_t capacity = options.capacity;
    DoesNotFit no;
    no.resource = resource::state_buffer;
    no.unit = "B/partition";
    no.binding = options.capacity_binding;
    no.instant = position;
    no.instants = static_cast<std::int64_t>(code.instructions.size());
    no.layer = layers.at(code.instructions[static_cast<std::size_t>(position)].layer).name;
    no.wanted_bytes = wanted;
    no.available_bytes = capacity;
    no.tensors = alive_at(code, lives, position, layers);
    no.text = fmt::format("layer {} needs {} bytes per partition of the state buffer, {} are there{}: {} bytes too many{}; alive: {}",
                          no.layer, wanted, capacity, options.capacity_note, wanted - capacity, why, to_text(no.tensors));
    return no;
}

/// Places every load in the order of use. Returns the index of a job that found no place, or -1.
int place_loads(const Code& code, std::vector<Lifetime>& lives, std::vector<LoadJob>& jobs, const std::vector<bool>& is_load,
                const PlaceOptions& options, std::vector<std::uint32_t>& offset) {
    std::vector<BufferId> fixed;
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (!is_load[b] && lives[b].last >= 0) fixed.push_back(static_cast<BufferId>(b));
    std::vector<std::vector<std::int32_t>> latest_of_stream(kLoadStreams);
    std::vector<std::int32_t> previous_start(kLoadStreams, 0);
    std::vector<BufferId> placed;
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        LoadJob& job = jobs[j];
        const auto stream = static_cast<std::size_t>(job.stream);
        auto& seen = latest_of_stream[stream];
        std::int32_t floor = std::max(previous_start[stream], job.earliest);
        if (static_cast<int>(seen.size()) >= options.prefetch_depth) floor = std::max(floor, seen[seen.size() - static_cast<std::size_t>(options.prefetch_depth)]);
        if (!options.prefetch) floor = job.latest;
        floor = std::min(floor, job.latest);
        const Buffer& buffer = code.buffers[static_cast<std::size_t>(job.buffer)];
        const std::int32_t end = lives[static_cast<std::size_t>(job.buffer)].last;
        Skyline sky(options.capacity, floor);
        const auto consider = [&](BufferId other) {
            const Lifetime l = lives[static_cast<std::size_t>(other)];
            const Buffer& b = code.buffers[static_cast<std::size_t>(other)];
            if (l.first <= end && l.last >= floor && share_partitions(buffer, b))
                sky.add(offset[static_cast<std::size_t>(other)], offset[static_cast<std::size_t>(other)] + std::int64_t{b.bytes}, l.last);
        };
        for (BufferId b : fixed) consider(b);
        for (BufferId b : placed) consider(b);
        const auto spot = sky.find(buffer.bytes);
        if (spot.offset < 0 || spot.start > job.latest) return static_cast<int>(j);
        offset[static_cast<std::size_t>(job.buffer)] = static_cast<std::uint32_t>(spot.offset);
        job.start = spot.start;
        lives[static_cast<std::size_t>(job.buffer)].first = spot.start;
        placed.push_back(job.buffer);
        seen.push_back(job.latest);
        previous_start[stream] = spot.start;
    }
    return -1;
}

/// When one packing of everything, each load as late as possible, has settled the addresses: moves loads up as far as
/// the bytes they go to are free.
void start_early(const Code& code, std::vector<Lifetime>& lives, std::vector<LoadJob>& jobs, const PlaceOptions& options,
                 const std::vector<std::uint32_t>& offset) {
    std::vector<std::int32_t> previous_start(kLoadStreams, 0);
    for (std::size_t j = 0; j < jobs.size(); ++j) {
        LoadJob& job = jobs[j];
        const auto mine = static_cast<std::size_t>(job.buffer);
        const Buffer& buffer = code.buffers[mine];
        std::int32_t start = std::max(previous_start[static_cast<std::size_t>(job.stream)], job.earliest);
        if (j >= static_cast<std::size_t>(options.prefetch_depth)) start = std::max(start, jobs[j - static_cast<std::size_t>(options.prefetch_depth)].latest);
        for (std::size_t b = 0; b < code.buffers.size(); ++b) {
            const Buffer& other = code.buffers[b];
            if (b == mine || lives[b].last < start || lives[b].first > lives[mine].last || !share_partitions(buffer, other)) continue;
            if (offset[b] < offset[mine] + buffer.bytes && offset[mine] < offset[b] + other.bytes) start = std::max(start, lives[b].last + 1);
        }
        job.start = options.prefetch ? std::min(start, job.latest) : job.latest;
        lives[mine].first = job.start;
        previous_start[static_cast<std::size_t>(job.stream)] = job.start;
    }
}

void order_instructions(const Code& code, const std::vector<LoadJob>& jobs, Placement& out) {
    std::vector<std::pair<std::int32_t, std::int32_t>> starts;   // (position, job)
    for (std::size_t j = 0; j < jobs.size(); ++j) starts.emplace_back(jobs[j].start, static_cast<std::int32_t>(j));
    std::sort(starts.begin(), starts.end());
    std::size_t next = 0;
    for (std::size_t i = 0; i <= code.instructions.size(); ++i) {
        for (; next < starts.size() && starts[next].first <= static_cast<std::int32_t>(i); ++next)
            for (std::int32_t k : jobs[static_cast<std::size_t>(starts[next].second)].instructions) out.order.push_back(k);
        if (i < code.instructions.size() && code.instructions[i].load < 0) out.order.push_back(static_cast<std::int32_t>(i));
    }
    out.first.assign(code.buffers.size(), INT32_MAX);
    out.last.assign(code.buffers.size(), -1);
    for (std::size_t p = 0; p < out.order.size(); ++p)
        for (BufferId b : code.instructions[static_cast<std::size_t>(out.order[p])].buffer)
            if (b != kNoBuffer) {
                out.first[static_cast<std::size_t>(b)] = std::min(out.first[static_cast<std::size_t>(b)], static_cast<std::int32_t>(p));
                out.last[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(p);
            }
}

}  // namespace

std::variant<Placement, DoesNotFit> place(const Code& code, const std::vector<program::LayerInfo>& layers, const PlaceOptions& options) {
    std::vector<Lifetime> lives = lifetimes_of(code);
    std::vector<bool> is_load(code.buffers.size(), false), activations(code.buffers.size(), true), all(code.buffers.size(), true);
    for (const Load& l : code.loads) is_load[static_cast<std::size_t>(l.buffer)] = true;
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (code.buffers[b].purpose == program::Purpose::weights || code.buffers[b].purpose == program::Purpose::constants) activations[b] = false;
    Placement out;
    out.lower_bound = peak_of(code, lives, activations).bytes;
    const Peak peak = peak_of(code, lives, all);
    if (out.lower_bound > options.capacity) {
        const Peak alone = peak_of(code, lives, activations);
        return refusal(code, lives, layers, alone.position, alone.bytes, options, " for activations alone");
    }
    if (peak.bytes > options.capacity) return refusal(code, lives, layers, peak.position, peak.bytes, options, ", weights in use included");

    out.offset.assign(code.buffers.size(), 0);
    std::vector<BufferId> fixed;
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (!is_load[b] && lives[b].last >= 0) fixed.push_back(static_cast<BufferId>(b));
    std::vector<LoadJob> jobs = load_jobs(code, lives);
    std::vector<Lifetime> trial;
    std::int64_t top = 0;
    int stuck = 0;
    for (int depth = options.rotation; depth >= 0 && stuck >= 0; --depth) {
        const auto wide = rotated(code, lives, fixed, depth);
        top = pack_activations(code, wide, fixed, options.capacity, out.lower_bound, out.offset);
        if (top > options.capacity) continue;
        trial = lives;
        stuck = place_loads(code, trial, jobs, is_load, options, out.offset);
    }
    if (top > options.capacity) return refusal(code, lives, layers, peak.position, top, options, " after packing (fragmentation)");
    if (stuck >= 0 && options.prefetch) {   // loads as late as possible leave the most room for each other
        PlaceOptions late = options;
        late.prefetch = false;
        trial = lives;
        stuck = place_loads(code, trial, jobs, is_load, late, out.offset);
    }
    if (stuck >= 0) {   // one packing for all, at the price of less choice in where loads go
        std::vector<BufferId> everything;
        for (std::size_t b = 0; b < code.buffers.size(); ++b)
            if (lives[b].last >= 0) everything.push_back(static_cast<BufferId>(b));
        if (pack_activations(code, lives, everything, options.capacity, peak.bytes, out.offset) <= options.capacity) {
            trial = lives;
            start_early(code, trial, jobs, options, out.offset);
            stuck = -1;
        }
    }
    if (stuck >= 0) {
        const LoadJob& job = jobs[static_cast<std::size_t>(stuck)];
        return refusal(code, lives, layers, job.latest, options.capacity + code.buffers[static_cast<std::size_t>(job.buffer)].bytes, options,
                       " (no gap for " + code.buffers[static_cast<std::size_t>(job.buffer)].name + ")");
    }
    order_instructions(code, jobs, out);
    for (std::size_t b = 0; b < code.buffers.size(); ++b)
        if (out.last[b] >= 0) out.peak = std::max(out.peak, std::int64_t{out.offset[b]} + code.buffers[b].bytes);
    return out;
}

}  // namespace infsim::compiler
