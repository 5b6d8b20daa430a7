#include "compiler/passes/hazards.hpp"

#include <algorithm>

namespace infsim::compiler {

using program::AccessPattern;

HazardMap::HazardMap(const program::Target& target, std::size_t queues) : queues_(queues), half_partitions_(target.sb_partitions / 2) {}

template <class Self, class F>
void HazardMap::each_space(Self& self, const AccessPattern& ap, F&& f) {
    if (ap.space == program::Space::psum) return f(self.spaces_[2]);
    if (ap.partition_start < self.half_partitions_) f(self.spaces_[0]);
    if (ap.partition_start + ap.partition_count > self.half_partitions_) f(self.spaces_[1]);
}

void HazardMap::query(const AccessPattern& ap, bool write, std::uint8_t queue, Counts& need) const {
    const auto lo = ap.offset, hi = static_cast<std::uint32_t>(program::end_offset(ap));
    const auto wait_for = [&](std::uint8_t q, std::uint32_t i) { need[q] = std::max(need[q], i + 1); };
    each_space(*this, ap, [&](const Space& space) {
        auto it = space.upper_bound(lo);
        if (it != space.begin() && std::prev(it)->second.end > lo) --it;
        for (; it != space.end() && it->first < hi; ++it) {
            const Stretch& s = it->second;
            if (s.writer_queue != program::kNoQueue && (!write || s.writer_queue != queue)) wait_for(s.writer_queue, s.writer);
            if (write)
                for (const Reader& r : s.readers)
                    if (r.queue != queue) wait_for(r.queue, r.index);
        }
    });
}

void HazardMap::record(const AccessPattern& ap, bool write, std::uint8_t queue, std::uint32_t index) {
    const auto lo = ap.offset, hi = static_cast<std::uint32_t>(program::end_offset(ap));
    each_space(*this, ap, [&](Space& space) {
        split(space, lo);
        split(space, hi);
        if (write) record_write(space, lo, hi, {queue, index});
        else record_read(space, lo, hi, {queue, index});
    });
}

void HazardMap::split(Space& space, std::uint32_t at) {
    auto it = space.upper_bound(at);
    if (it == space.begin()) return;
    --it;
    if (it->first == at || it->second.end <= at) return;
    Stretch tail = it->second;
    it->second.end = at;
    space.emplace(at, std::move(tail));
}

void HazardMap::record_write(Space& space, std::uint32_t lo, std::uint32_t hi, Reader writer) {
    auto it = space.erase(space.lower_bound(lo), space.lower_bound(hi));
    Stretch fresh;
    fresh.end = hi;
    fresh.writer_queue = writer.queue;
    fresh.writer = writer.index;
    space.emplace_hint(it, lo, std::move(fresh));
}

void HazardMap::record_read(Space& space, std::uint32_t lo, std::uint32_t hi, Reader reader) {
    std::uint32_t at = lo;
    const auto fill = [&](std::uint32_t until) {   // bytes nobody wrote yet: later writers must still wait
        if (at >= until) return;
        Stretch s;
        s.end = until;
        s.readers.push_back(reader);
        space.emplace(at, std::move(s));
    };
    for (auto it = space.lower_bound(lo); it != space.end() && it->first < hi; ++it) {
        fill(it->first);
        Stretch& s = it->second;
        const auto mine = std::find_if(s.readers.begin(), s.readers.end(), [&](const Reader& r) { return r.queue == reader.queue; });
        if (mine != s.readers.end()) mine->index = reader.index;
        else s.readers.push_back(reader);
        at = s.end;
    }
    fill(hi);
}

std::vector<program::Wait> WaitReducer::reduce(std::uint8_t queue, const Counts& need) const {
    std::vector<program::Wait> waits;
    for (std::size_t q = 0; q < queues_; ++q)
        if (need[q] > known_[queue][q]) waits.push_back({static_cast<std::uint8_t>(q), need[q]});
    std::vector<program::Wait> kept;
    for (const program::Wait& w : waits) {
        const bool implied = std::any_of(waits.begin(), waits.end(), [&](const program::Wait& other) {
            return other.queue != w.queue && at(other.queue, other.count - 1)[w.queue] >= w.count;
        });
        if (!implied) kept.push_back(w);
    }
    return kept;
}

void WaitReducer::issue(std::uint8_t queue, const program::Waits& waits) {
    Counts& mine = known_[queue];
    for (int i = 0; i < waits.size(); ++i) {
        const program::Wait w = waits[i];
        const std::uint32_t* theirs = at(w.queue, w.count - 1);
        for (std::size_t q = 0; q < queues_; ++q) mine[q] = std::max(mine[q], theirs[q]);
        mine[w.queue] = std::max(mine[w.queue], w.count);
    }
    history_[queue].insert(history_[queue].end(), mine.begin(), mine.end());
}

}  // namespace infsim::compiler
