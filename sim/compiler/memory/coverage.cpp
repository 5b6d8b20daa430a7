#include "compiler/memory/coverage.hpp"

#include <algorithm>

#include "program/runs.hpp"

namespace infsim::compiler {

namespace {

/// Returns by how much the runs have grown.
std::int64_t insert(std::vector<std::pair<std::int64_t, std::int64_t>>& runs, std::int64_t lo, std::int64_t hi) {
    // The first run that ends at or after lo: it and those up to hi become one.
    auto first = std::lower_bound(runs.begin(), runs.end(), lo,
                                  [](const auto& run, std::int64_t at) { return run.second < at; });
    auto last = first;
    std::int64_t before = 0;
    for (; last != runs.end() && last->first <= hi; ++last) {
        before += last->second - last->first;
        lo = std::min(lo, last->first);
        hi = std::max(hi, last->second);
    }
    if (first == last) runs.insert(first, {lo, hi});
    else {
        *first = {lo, hi};
        runs.erase(first + 1, last);
    }
    return hi - lo - before;
}

}  // namespace

void Coverage::split_at(int partition) {
    for (std::size_t i = 0; i < strips_.size(); ++i)
        if (strips_[i].first < partition && partition < strips_[i].last) {
            Strip upper = strips_[i];
            strips_[i].last = upper.first = partition;
            strips_.insert(strips_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(upper));
            return;
        }
}

std::int64_t Coverage::add(const program::AccessPattern& ap) {
    const int from = ap.partition_start, to = from + ap.partition_count;
    split_at(from);
    split_at(to);
    std::vector<Strip> gaps;
    int at = from;
    for (const Strip& s : strips_) {
        if (s.last <= from || s.first >= to) continue;
        if (at < s.first) gaps.push_back({at, s.first, {}});
        at = s.last;
    }
    if (at < to) gaps.push_back({at, to, {}});
    for (Strip& gap : gaps) {
        const auto place =
            std::find_if(strips_.begin(), strips_.end(), [&](const Strip& s) { return s.first > gap.first; });
        strips_.insert(place, std::move(gap));
    }
    const program::Runs written = program::runs(ap);
    std::int64_t grown = 0;
    for (Strip& s : strips_)
        if (s.first >= from && s.last <= to)
            written.for_each(
                [&](std::int64_t lo, std::int64_t hi) { grown += insert(s.runs, lo, hi) * (s.last - s.first); });
    join();
    return grown;
}

void Coverage::join() {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < strips_.size(); ++i) {
        if (strips_[kept].last == strips_[i].first && strips_[kept].runs == strips_[i].runs)
            strips_[kept].last = strips_[i].last;
        else if (++kept != i) strips_[kept] = std::move(strips_[i]);
    }
    if (!strips_.empty()) strips_.resize(kept + 1);
}

std::vector<Piece> Coverage::pieces() const {
    std::vector<Piece> list;
    for (const Strip& s : strips_)
        for (const Run& run : s.runs) list.push_back({s.first, s.last - s.first, run.first, run.second - run.first});
    return list;
}

std::int32_t transfers_of(const Piece& piece, int engines) {
    const std::int64_t at_once = std::int64_t{program::kMostCounted} * element_bytes(piece);
    const std::int64_t cuts = (piece.bytes + at_once - 1) / at_once;
    return static_cast<std::int32_t>(cuts * std::min(engines, piece.partitions));
}

std::int32_t Coverage::transfers(int engines) const {
    std::int32_t n = 0;
    for (const Strip& s : strips_)
        for (const Run& run : s.runs)
            n += transfers_of({s.first, s.last - s.first, run.first, run.second - run.first}, engines);
    return n;
}

std::size_t Coverage::size() const {
    std::size_t n = 0;
    for (const Strip& s : strips_) n += s.runs.size();
    return n;
}

}  // namespace infsim::compiler
