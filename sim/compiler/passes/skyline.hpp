// The state buffer as a load sees it: until when each stretch of bytes is taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>
#include <utility>
#include <vector>

namespace infsim::compiler {

/// Address space over which a load is placed: for each stretch of bytes, until when it is taken.
class Skyline {
public:
    explicit Skyline(std::int64_t capacity) : capacity_(capacity) {}
    /// Empty, for a load that may start at `floor` at the earliest.
    void clear(std::int32_t floor) {
        floor_ = floor;
        spans_.clear();
    }
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
    std::int32_t floor_ = 0;
    std::vector<Span> spans_;
    std::vector<Piece> pieces_;

    void build() {
        pieces_.clear();
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

}  // namespace infsim::compiler
