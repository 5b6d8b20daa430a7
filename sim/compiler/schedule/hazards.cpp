#include "compiler/schedule/hazards.hpp"

#include <algorithm>
#include <iterator>

namespace infsim::compiler {

using program::AccessPattern;

namespace {

template <class Touch>
bool apart(const Touch& a, const Touch& b) {
    return a.first >= b.last || a.last <= b.first;
}

/// Removes the partitions of `gone` from every entry of the list; touch(entry) is the entry's Touch.
template <class List, class Touch, class Part>
void subtract(List& list, const Touch& gone, Part&& touch) {
    const std::size_t before = list.size();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < before; ++i) {
        auto entry = list[i];
        const Touch whole = touch(entry);
        const bool untouched = apart(whole, gone);
        if (!untouched && whole.first < gone.first && whole.last > gone.last) {
            auto upper = entry;
            touch(upper).first = gone.last;
            list.push_back(upper);
        }
        if (!untouched && whole.first < gone.first) touch(entry).last = gone.first;
        else if (!untouched && whole.last > gone.last) touch(entry).first = gone.last;
        else if (!untouched) continue;
        list[kept++] = entry;
    }
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(kept), list.begin() + static_cast<std::ptrdiff_t>(before));
}

/// One past the last byte of the segment that the access touches.
std::uint32_t dram_end(const program::DramAccess& access) {
    std::int64_t last = access.pattern.offset + (access.rows - 1) * std::int64_t{access.pattern.partition_step};
    for (int d = 0; d < program::kAccessDims; ++d)
        last += std::int64_t{access.pattern.step[d]} * (access.pattern.count[d] - 1);
    return static_cast<std::uint32_t>(last + access.element_bytes);
}

}  // namespace

HazardMap::Space::iterator HazardMap::first_behind(Space& space, std::uint32_t lo) {
    const auto at = space.upper_bound(lo);
    return at != space.begin() && std::prev(at)->second.end > lo ? std::prev(at) : at;
}

HazardMap::Space::iterator HazardMap::first_behind_lately(std::uint32_t lo) {
    Recent& recent = recent_[lo / 64 % kRecent];
    if (recent.erasures == erasures_ && recent.at->first <= lo && lo < recent.at->second.end) return recent.at;
    Space& space = spaces_[0];
    const auto at = first_behind(space, lo);
    if (at != space.end()) recent = {at, erasures_};
    return at;
}

HazardMap::Place HazardMap::find(const AccessPattern& ap, bool write, std::uint8_t queue) {
    const bool psum = ap.space == program::Space::psum;
    Place place;
    place.space = &spaces_[psum];
    place.lo = ap.offset;
    place.hi = static_cast<std::uint32_t>(program::end_offset(ap));
    place.who = {queue, ap.partition_start, static_cast<std::uint16_t>(ap.partition_start + ap.partition_count), 0};
    place.write = write;
    place.at = psum ? first_behind(*place.space, place.lo) : first_behind_lately(place.lo);
    return place;
}

HazardMap::Place HazardMap::find(const program::DramAccess& access, std::uint8_t queue) {
    Place place;
    place.space = &segments_.try_emplace(access.pattern.segment, &pool_).first->second;
    place.lo = access.pattern.offset;
    place.hi = dram_end(access);
    place.who = {queue, 0, 1, 0};
    place.write = access.write;
    place.at = first_behind(*place.space, place.lo);
    return place;
}

void HazardMap::query(const Place& place, Counts& need) {
    const auto wait_for = [&](const Touch& t) {
        if (!apart(t, place.who)) need[t.queue] = std::max(need[t.queue], t.index + 1);
    };
    for (auto it = place.at; it != place.space->end() && it->first < place.hi; ++it) {
        for (const Touch& t : it->second.writers)
            if (!place.write || t.queue != place.who.queue) wait_for(t);
        if (!place.write) continue;
        for (const Read& r : it->second.reads)
            if (r.who.queue != place.who.queue && r.lo < place.hi && place.lo < r.hi) wait_for(r.who);
    }
}

void HazardMap::record(Place place, std::uint32_t index) {
    place.who.index = index;
    // Reads of the same instruction may have added stretches in the meantime.
    Space& space = *place.space;
    while (place.at != space.begin() && std::prev(place.at)->second.end > place.lo) --place.at;
    while (place.at != space.end() && place.at->second.end <= place.lo) ++place.at;
    if (place.write) record_write(space, cut(space, place.at, place.lo), place.lo, place.hi, place.who);
    else record_read(space, place.at, place.lo, place.hi, place.who);
}

/// Cuts the stretch `at` in two if it has bytes on both sides of `from`. Returns the first one that begins there or
/// later.
HazardMap::Space::iterator HazardMap::cut(Space& space, Space::iterator at, std::uint32_t from) {
    if (at == space.end() || at->first >= from || at->second.end <= from) return at;
    Stretch& head = at->second;
    Stretch tail;
    tail.end = head.end;
    tail.writers = head.writers;
    std::copy_if(head.reads.begin(), head.reads.end(), std::back_inserter(tail.reads),
                 [&](const Read& r) { return r.hi > from; });
    head.reads.erase(std::remove_if(head.reads.begin(), head.reads.end(), [&](const Read& r) { return r.lo >= from; }),
                     head.reads.end());
    head.end = from;
    return space.emplace_hint(std::next(at), from, std::move(tail));
}

void HazardMap::record_write(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi,
                             const Touch& writer) {
    std::uint32_t at = lo;
    bool alone = true;
    auto it = first;
    const auto fill = [&](std::uint32_t until) {
        if (at >= until) return;
        const auto filled = space.emplace_hint(it, at, Stretch{until, 0, {writer}, {}});
        if (at == lo) first = filled;
    };
    for (; it != space.end() && it->first < hi; ++it) {
        cut(space, it, hi);
        fill(it->first);
        subtract(it->second.writers, writer, [](Touch& t) -> Touch& { return t; });
        subtract(it->second.reads, writer, [](Read& r) -> Touch& { return r.who; });
        it->second.writers.push_back(writer);
        alone = alone && it->second.writers.size() == 1 && it->second.reads.empty();
        at = it->second.end;
    }
    fill(hi);
    if (!alone) return;  // if nothing else is left, one stretch replaces the many
    first->second.end = hi;
    if (std::next(first) == it) return;
    space.erase(std::next(first), it);
    ++erasures_;
}

void HazardMap::record_read(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi,
                            const Touch& reader) {
    std::uint32_t at = lo;
    auto it = first;
    const auto fill = [&](std::uint32_t until) {  // bytes nobody has written yet: later writers must still wait
        if (at < until) space.emplace_hint(it, at, Stretch{until, 0, {}, {{reader, lo, hi}}});
    };
    for (; it != space.end() && it->first < hi; ++it) {
        fill(it->first);
        note(it->second, {reader, lo, hi});
        at = it->second.end;
    }
    fill(hi);
}

/// Among equal reads the last one counts.
void HazardMap::note(Stretch& stretch, const Read& read) {
    constexpr std::ptrdiff_t kLookBack = 256;  // with a long list, the write that ends it has to check every entry
    const auto equal = [&](const Read& r) {
        return r.lo == read.lo && r.hi == read.hi && r.who.queue == read.who.queue && r.who.first == read.who.first &&
               r.who.last == read.who.last;
    };
    auto& reads = stretch.reads;
    auto found = reads.begin() + std::min<std::ptrdiff_t>(stretch.again, static_cast<std::ptrdiff_t>(reads.size()));
    if (found == reads.end() || !equal(*found))
        found =
            std::find_if(reads.end() - std::min<std::ptrdiff_t>(kLookBack, static_cast<std::ptrdiff_t>(reads.size())),
                         reads.end(), equal);
    if (found == reads.end()) found = reads.insert(reads.end(), read);
    found->who.index = read.who.index;
    stretch.again = static_cast<std::uint32_t>(found - reads.begin()) + 1;
    if (stretch.again == reads.size()) stretch.again = 0;
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
