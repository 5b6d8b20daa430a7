// The state buffer as a load sees it: until when each stretch of bytes is taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace infsim::compiler {

/// Address space over which a load is placed: for each stretch of bytes, until when it is taken.
class Skyline {
public:
    explicit Skyline(std::int64_t capacity) : capacity_(capacity) {}
    /// Clears it for a load that may start at `floor` at the earliest.
    void clear(std::int32_t floor) {
        floor_ = floor;
        spans_.clear();
    }
    void add(std::int64_t lo, std::int64_t hi, std::int32_t last) { spans_.push_back({lo, hi, last}); }

    struct Spot {
        std::int64_t offset = -1;
        std::int32_t start = INT32_MAX;
    };
    /// The place for `bytes` that becomes free earliest; of several, the highest.
    Spot find(std::int64_t bytes) {
        build();
        Spot best;
        window_.clear();  // indices of pieces with falling `until`, from `front` on
        std::size_t front = 0, next = 0;
        const auto consider = [&](std::int64_t at) {
            if (at < 0 || at + bytes > capacity_) return;
            for (; next < pieces_.size() && pieces_[next].lo < at + bytes; ++next) {
                while (window_.size() > front && pieces_[window_.back()].until <= pieces_[next].until)
                    window_.pop_back();
                window_.push_back(next);
            }
            while (window_.size() > front && pieces_[window_[front]].hi <= at) ++front;
            const std::int32_t start =
                std::max(floor_, window_.size() > front ? pieces_[window_[front]].until + 1 : floor_);
            if (start <= best.start) best = {at, start};
        };
        // Slide a window of `bytes` whose left edge is at the start of a piece or whose right edge is at an end.
        std::size_t left = 0;
        for (const Piece& p : pieces_) {
            for (; left < pieces_.size() && pieces_[left].lo < p.hi - bytes; ++left) consider(pieces_[left].lo);
            consider(p.hi - bytes);
        }
        for (; left < pieces_.size(); ++left) consider(pieces_[left].lo);
        return best;
    }

private:
    struct Span {
        std::int64_t lo, hi;
        std::int32_t last;
    };
    struct Piece {
        std::int64_t lo, hi;
        std::int32_t until;
    };
    std::int64_t capacity_;
    std::int32_t floor_ = 0;
    std::vector<Span> spans_;
    // Kept between calls for their memory.
    std::vector<Piece> pieces_;
    std::vector<std::int64_t> cuts_;
    std::vector<std::pair<std::int32_t, std::int64_t>> open_;  ///< heap of (last, hi), the largest `last` at the front
    std::vector<std::size_t> window_;

    void build() {
        pieces_.clear();
        cuts_.assign({0, capacity_});
        for (const Span& s : spans_) {
            cuts_.push_back(s.lo);
            cuts_.push_back(std::min(s.hi, capacity_));
        }
        std::sort(cuts_.begin(), cuts_.end());
        cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
        std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.lo < b.lo; });
        open_.clear();
        std::size_t next = 0;
        for (std::size_t i = 0; i + 1 < cuts_.size(); ++i) {
            for (; next < spans_.size() && spans_[next].lo <= cuts_[i]; ++next) {
                open_.emplace_back(spans_[next].last, spans_[next].hi);
                std::push_heap(open_.begin(), open_.end());
            }
            while (!open_.empty() && open_.front().second <= cuts_[i]) {
                std::pop_heap(open_.begin(), open_.end());
                open_.pop_back();
            }
            pieces_.push_back({cuts_[i], cuts_[i + 1], open_.empty() ? -1 : open_.front().first});
        }
    }
};

}  // namespace infsim::compiler
