#include "compiler/passes/hazards.hpp"

#include <algorithm>

namespace infsim::compiler {

using program::AccessPattern;

namespace {

struct Range { int first, last; };
bool overlap(const Range& a, const Range& b) { return a.first < b.last && b.first < a.last; }

/// Takes partitions `gone` out of every touch of the list.
template <class Touches>
void subtract(Touches& list, const Range& gone) {
    Touches kept;
    for (const auto& t : list) {
        if (t.first >= gone.last || t.last <= gone.first) {
            kept.push_back(t);
            continue;
        }
        if (t.first < gone.first) kept.push_back({t.queue, t.index, t.first, gone.first});
        if (t.last > gone.last) kept.push_back({t.queue, t.index, gone.last, t.last});
    }
    list = std::move(kept);
}

}  // namespace

void HazardMap::query(const Space& space, std::uint32_t lo, std::uint32_t hi, bool write, const Touch& who, Counts& need) {
    const Range mine{who.first, who.last};
    const auto wait_for = [&](const Touch& t) {
        if (overlap({t.first, t.last}, mine)) need[t.queue] = std::max(need[t.queue], t.index + 1);
    };
    auto it = space.upper_bound(lo);
    if (it != space.begin() && std::prev(it)->second.end > lo) --it;
    for (; it != space.end() && it->first < hi; ++it) {
        for (const Touch& t : it->second.writers)
            if (!write || t.queue != who.queue) wait_for(t);
        if (write)
            for (const Touch& t : it->second.readers)
                if (t.queue != who.queue) wait_for(t);
    }
}

void HazardMap::record(Space& space, std::uint32_t lo, std::uint32_t hi, bool write, const Touch& who) {
    split(space, lo);
    split(space, hi);
    if (write) record_write(space, lo, hi, who);
    else record_read(space, lo, hi, who);
}

void HazardMap::query(const AccessPattern& ap, bool write, std::uint8_t queue, Counts& need) const {
    const Touch who{queue, 0, ap.partition_start, ap.partition_start + ap.partition_count};
    query(spaces_[ap.space == program::Space::psum], ap.offset, static_cast<std::uint32_t>(program::end_offset(ap)), write, who, need);
}

void HazardMap::record(const AccessPattern& ap, bool write, std::uint8_t queue, std::uint32_t index) {
    const Touch who{queue, index, ap.partition_start, ap.partition_start + ap.partition_count};
    record(spaces_[ap.space == program::Space::psum], ap.offset, static_cast<std::uint32_t>(program::end_offset(ap)), write, who);
}

namespace {

/// One past the last byte of the segment that the access touches.
std::uint32_t dram_end(const program::DramAccess& access) {
    std::int64_t last = access.pattern.offset + (access.rows - 1) * std::int64_t{access.pattern.partition_step};
    for (int d = 0; d < program::kAccessDims; ++d) last += std::int64_t{access.pattern.step[d]} * (access.pattern.count[d] - 1);
    return static_cast<std::uint32_t>(last + access.element_bytes);
}

}  // namespace

void HazardMap::query(const program::DramAccess& access, std::uint8_t queue, Counts& need) const {
    const auto found = segments_.find(access.pattern.segment);
    if (found != segments_.end()) query(found->second, access.pattern.offset, dram_end(access), access.write, {queue, 0, 0, 1}, need);
}

void HazardMap::record(const program::DramAccess& access, std::uint8_t queue, std::uint32_t index) {
    record(segments_[access.pattern.segment], access.pattern.offset, dram_end(access), access.write, {queue, index, 0, 1});
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

void HazardMap::record_write(Space& space, std::uint32_t lo, std::uint32_t hi, const Touch& writer) {
    const Range range{writer.first, writer.last};
    std::uint32_t at = lo;
    bool alone = true;
    const auto fill = [&](std::uint32_t until) {
        if (at < until) space.emplace(at, Stretch{until, {writer}, {}});
    };
    for (auto it = space.lower_bound(lo); it != space.end() && it->first < hi; ++it) {
        fill(it->first);
        subtract(it->second.writers, range);
        subtract(it->second.readers, range);
        it->second.writers.push_back(writer);
        alone = alone && it->second.writers.size() == 1 && it->second.readers.empty();
        at = it->second.end;
    }
    fill(hi);
    if (!alone) return;   // where nothing else is left, one stretch takes the place of the many
    const auto first = space.lower_bound(lo);
    first->second.end = hi;
    space.erase(std::next(first), space.lower_bound(hi));
}

void HazardMap::record_read(Space& space, std::uint32_t lo, std::uint32_t hi, const Touch& reader) {
    std::uint32_t at = lo;
    const auto fill = [&](std::uint32_t until) {   // bytes nobody wrote yet: later writers must still wait
        if (at < until) space.emplace(at, Stretch{until, {}, {reader}});
    };
    for (auto it = space.lower_bound(lo); it != space.end() && it->first < hi; ++it) {
        fill(it->first);
        auto& readers = it->second.readers;
        const auto covered = std::find_if(readers.begin(), readers.end(), [&](const Touch& t) {
            return t.queue == reader.queue && t.first >= reader.first && t.last <= reader.last;
        });
        if (covered != readers.end()) *covered = reader;
        else readers.push_back(reader);
        at = it->second.end;
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
    auto& history = history_[queue];
    if (waits.size() > 0 || history.known.empty()) history.known.insert(history.known.end(), mine.begin(), mine.end());
    history.entry.push_back(static_cast<std::uint32_t>(history.known.size() / queues_) - 1);
}

}  // namespace infsim::compiler
