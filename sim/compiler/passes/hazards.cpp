#include "compiler/passes/hazards.hpp"

#include <algorithm>

namespace infsim::compiler {

using program::AccessPattern;

namespace {

/// Takes the partitions of `gone` out of every touch of the list.
template <class Touches, class Touch>
void subtract(Touches& list, const Touch& gone) {
    const auto apart = [&](const Touch& t) { return t.first >= gone.last || t.last <= gone.first; };
    if (std::all_of(list.begin(), list.end(), apart)) return;
    Touches kept;
    for (Touch t : list) {
        if (apart(t)) {
            kept.push_back(t);
            continue;
        }
        const std::uint16_t last = t.last;
        t.last = gone.first;
        if (t.first < t.last) kept.push_back(t);
        t.first = gone.last, t.last = last;
        if (t.first < t.last) kept.push_back(t);
    }
    list = std::move(kept);
}

/// One past the last byte of the segment that the access touches.
std::int64_t dram_end(const program::DramAccess& access) {
    std::int64_t last = access.pattern.offset + (access.rows - 1) * std::int64_t{access.pattern.partition_step};
    for (int d = 0; d < program::kAccessDims; ++d) last += std::int64_t{access.pattern.step[d]} * (access.pattern.count[d] - 1);
    return last + access.element_bytes;
}

}  // namespace

HazardMap::Place HazardMap::find(Space& space, std::int64_t lo, std::int64_t hi, bool write, const Touch& who) {
    Place place;
    place.space = &space;
    place.lo = static_cast<std::uint32_t>(lo);
    place.hi = static_cast<std::uint32_t>(hi);
    place.who = who;
    place.write = write;
    place.at = space.upper_bound(place.lo);
    if (place.at != space.begin() && std::prev(place.at)->second.end > place.lo) --place.at;
    return place;
}

HazardMap::Place HazardMap::find(const AccessPattern& ap, bool write, std::uint8_t queue) {
    const auto last = static_cast<std::uint16_t>(ap.partition_start + ap.partition_count);
    return find(spaces_[ap.space == program::Space::psum], ap.offset, program::end_offset(ap), write, {queue, ap.partition_start, last, 0});
}

HazardMap::Place HazardMap::find(const program::DramAccess& access, std::uint8_t queue) {
    Space& space = segments_.try_emplace(access.pattern.segment, &pool_).first->second;
    return find(space, access.pattern.offset, dram_end(access), access.write, {queue, 0, 1, 0});
}

void HazardMap::query(const Place& place, Counts& need) {
    const auto wait_for = [&](const Touch& t) {
        if (t.first < place.who.last && place.who.first < t.last) need[t.queue] = std::max(need[t.queue], t.index + 1);
    };
    for (auto it = place.at; it != place.space->end() && it->first < place.hi; ++it) {
        for (const Touch& t : it->second.writers)
            if (!place.write || t.queue != place.who.queue) wait_for(t);
        if (place.write)
            for (const Touch& t : it->second.readers)
                if (t.queue != place.who.queue) wait_for(t);
    }
}

void HazardMap::record(Place place, std::uint32_t index) {
    place.who.index = index;
    // Reads of the same instruction may have cut stretches meanwhile.
    Space& space = *place.space;
    while (place.at != space.begin() && std::prev(place.at)->second.end > place.lo) --place.at;
    while (place.at != space.end() && place.at->second.end <= place.lo) ++place.at;
    const auto first = cut(space, place.at, place.lo);
    if (place.write) record_write(space, first, place.lo, place.hi, place.who);
    else record_read(space, first, place.lo, place.hi, place.who);
}

/// Cuts the stretch `at` in two where it has bytes on both sides of `from`. Returns the first one that begins there or behind.
HazardMap::Space::iterator HazardMap::cut(Space& space, Space::iterator at, std::uint32_t from) {
    if (at == space.end() || at->first >= from || at->second.end <= from) return at;
    Stretch tail = at->second;
    at->second.end = from;
    return space.emplace_hint(std::next(at), from, std::move(tail));
}

void HazardMap::record_write(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi, const Touch& writer) {
    std::uint32_t at = lo;
    bool alone = true;
    auto it = first;
    const auto fill = [&](std::uint32_t until) {
        if (at >= until) return;
        const auto filled = space.emplace_hint(it, at, Stretch{until, {writer}, {}});
        if (at == lo) first = filled;
    };
    for (; it != space.end() && it->first < hi; ++it) {
        cut(space, it, hi);
        fill(it->first);
        subtract(it->second.writers, writer);
        subtract(it->second.readers, writer);
        it->second.writers.push_back(writer);
        alone = alone && it->second.writers.size() == 1 && it->second.readers.empty();
        at = it->second.end;
    }
    fill(hi);
    if (!alone) return;   // where nothing else is left, one stretch takes the place of the many
    first->second.end = hi;
    space.erase(std::next(first), it);
}

void HazardMap::record_read(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi, const Touch& reader) {
    std::uint32_t at = lo;
    auto it = first;
    const auto fill = [&](std::uint32_t until) {   // bytes nobody wrote yet: later writers must still wait
        if (at < until) space.emplace_hint(it, at, Stretch{until, {}, {reader}});
    };
    for (; it != space.end() && it->first < hi; ++it) {
        cut(space, it, hi);
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
    if (waits.size() < 2) return waits;
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
