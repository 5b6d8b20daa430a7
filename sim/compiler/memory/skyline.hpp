// The state buffer as a load sees it: until when each stretch of bytes is taken.
#pragma once

#include <algorithm>
#include <array>
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
    /// Bytes [lo, hi) are taken until `last`. Most often the same bytes have been added before: buffers take turns at
    /// an address, and only the last one counts.
    void add(std::int64_t lo, std::int64_t hi, std::int32_t last) {
        if (lo >= capacity_) return;
        hi = std::min(hi, capacity_);
        std::uint32_t& seat = seats_[seat_of(lo, hi)];
        if (seat < spans_.size() && spans_[seat].lo == lo && spans_[seat].hi == hi) {
            spans_[seat].last = std::max(spans_[seat].last, last);
            return;
        }
        seat = static_cast<std::uint32_t>(spans_.size());
        spans_.push_back({lo, hi, last});
    }

    struct Spot {
        std::int64_t offset = -1;
        std::int32_t start = INT32_MAX;
    };
    /// The place for `bytes`, at least one, that becomes free earliest; of several, the highest. That one ends where a
    /// piece ends: moved further up, it would reach into a piece that is taken for longer.
    Spot find(std::int64_t bytes) {
        build();
        Spot best;
        window_.clear();  // indices of pieces with falling `until`, from `front` on
        std::size_t front = 0;
        for (std::size_t end = 0; end < pieces_.size(); ++end) {
            while (window_.size() > front && pieces_[window_.back()].until <= pieces_[end].until) window_.pop_back();
            window_.push_back(end);
            const std::int64_t at = pieces_[end].hi - bytes;
            if (at < 0) continue;
            while (pieces_[window_[front]].hi <= at) ++front;
            const std::int32_t start = std::max(floor_, pieces_[window_[front]].until + 1);
            if (start <= best.start) best = {at, start};
        }
        return best;
    }

private:
    struct Span {
        std::int64_t lo, hi;
        std::int32_t last;
    };
    struct Piece {
        std::int64_t hi;  ///< it begins where the one before it ends
        std::int32_t until;
    };
    std::int64_t capacity_;
    std::int32_t floor_ = 0;
    std::vector<Span> spans_;
    static constexpr std::size_t kSeats = 1024;  ///< a power of two
    /// By bytes: the span that may be of the same bytes. An entry of before the last clear() is as good as none, and so
    /// is one that other bytes have overwritten: then there are two spans of the same bytes.
    std::array<std::uint32_t, kSeats> seats_{};
    // Kept between calls for their memory.
    std::vector<Piece> pieces_;
    std::vector<std::uint64_t> events_;  ///< where a span begins or ends, and its number + 1, or 0 for an end
    std::vector<std::pair<std::int32_t, std::int64_t>> open_;  ///< heap of (last, hi), the largest `last` at the front
    std::vector<std::size_t> window_;

    static std::size_t seat_of(std::int64_t lo, std::int64_t hi) {
        const auto mixed = static_cast<std::uint64_t>(lo * 31 + hi) * 0x9E37'79B9'7F4A'7C15U;
        return static_cast<std::size_t>(mixed >> 54);
    }

    /// Adds a stretch of bytes up to `hi`; neighbours that are taken for equally long are one piece.
    void add_piece(std::int64_t hi, std::int32_t until) {
        if (!pieces_.empty() && pieces_.back().until == until) pieces_.back().hi = hi;
        else if (hi > (pieces_.empty() ? 0 : pieces_.back().hi)) pieces_.push_back({hi, until});
    }

    void build() {
        pieces_.clear();
        events_.clear();
        for (std::size_t s = 0; s < spans_.size(); ++s) {  // one number each: they sort faster than pairs
            events_.push_back(static_cast<std::uint64_t>(spans_[s].lo) << 32 | (s + 1));
            events_.push_back(static_cast<std::uint64_t>(spans_[s].hi) << 32);
        }
        std::sort(events_.begin(), events_.end());
        open_.clear();
        std::int64_t at = 0;
        for (const std::uint64_t event : events_) {
            const auto here = static_cast<std::int64_t>(event >> 32);
            if (here > at) {
                while (!open_.empty() && open_.front().second <= at) {
                    std::pop_heap(open_.begin(), open_.end());
                    open_.pop_back();
                }
                add_piece(here, open_.empty() ? -1 : open_.front().first);
                at = here;
            }
            if (const auto number = static_cast<std::uint32_t>(event)) {
                const Span& span = spans_[number - 1];
                open_.emplace_back(span.last, span.hi);
                std::push_heap(open_.begin(), open_.end());
            }
        }
        add_piece(capacity_, -1);
    }
};

}  // namespace infsim::compiler
