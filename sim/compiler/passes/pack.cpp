#include "compiler/passes/pack.hpp"

#include <algorithm>

#include "compiler/passes/life_index.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kRepairs = 100'000;   ///< buffers packed over all rounds of repair, about

/// A buffer to be packed: what of it decides, side by side in memory.
struct Item {
    BufferId id = kNoBuffer;
    Half half = Half::both;
    Lifetime life;
    std::int64_t bytes = 0, offset = 0;
};

class Packer {
public:
    Packer(const std::vector<Buffer>& buffers, const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids)
        : index_(lives_of(lives, ids)) {
        for (BufferId b : ids) {
            const auto i = static_cast<std::size_t>(b);
            items_.push_back({b, buffers[i].half, lives[i], buffers[i].bytes, 0});
        }
    }

    const Item& operator[](std::uint32_t i) const { return items_[i]; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(items_.size()); }

    /// Packs items one after the other, each at the lowest address that is free during its whole life. Returns the
    /// highest byte used + 1.
    std::int64_t pack(const std::vector<std::uint32_t>& sequence) {
        index_.clear();
        std::int64_t top = 0;
        for (std::uint32_t i : sequence) {
            Item& item = items_[i];
            taken_.clear();
            index_.overlapping(item.life.first, item.life.last, [&](std::size_t other) {
                const Item& o = items_[other];
                const bool share = o.half == Half::both || item.half == Half::both || o.half == item.half;
                if (share) taken_.emplace_back(o.offset, o.offset + o.bytes);
            });
            item.offset = lowest_gap(item.bytes);
            index_.add(i);
            top = std::max(top, item.offset + item.bytes);
        }
        return top;
    }

private:
    LifeIndex index_;
    std::vector<Item> items_;
    std::vector<std::pair<std::int64_t, std::int64_t>> taken_;

    static std::vector<Lifetime> lives_of(const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids) {
        std::vector<Lifetime> list;
        for (BufferId b : ids) list.push_back(lives[static_cast<std::size_t>(b)]);
        return list;
    }

    std::int64_t lowest_gap(std::int64_t bytes) {
        std::sort(taken_.begin(), taken_.end());
        std::int64_t at = 0;
        for (const auto& [lo, hi] : taken_) {
            if (at + bytes <= lo) break;
            at = std::max(at, hi);
        }
        return at;
    }
};

}  // namespace

std::int64_t pack_buffers(const std::vector<Buffer>& buffers, const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids,
                          std::int64_t capacity, std::int64_t lower_bound, std::vector<std::uint32_t>& offset) {
    Packer packer(buffers, lives, ids);
    std::vector<std::uint32_t> program_order(packer.size());
    for (std::uint32_t i = 0; i < packer.size(); ++i) program_order[i] = i;
    std::int64_t best = INT64_MAX;
    const auto attempt = [&](const std::vector<std::uint32_t>& sequence) {
        const std::int64_t top = packer.pack(sequence);
        if (top >= best) return;
        best = top;
        for (std::uint32_t i = 0; i < packer.size(); ++i) offset[static_cast<std::size_t>(packer[i].id)] = static_cast<std::uint32_t>(packer[i].offset);
    };
    std::vector<std::uint32_t> sequence = program_order;
    std::stable_sort(sequence.begin(), sequence.end(), [&](std::uint32_t a, std::uint32_t b) { return packer[a].bytes > packer[b].bytes; });
    attempt(sequence);
    if (best > lower_bound) {
        sequence = program_order;
        attempt(sequence);
    }
    if (best > capacity) {
        const auto area = [&](std::uint32_t i) { return packer[i].bytes * (packer[i].life.last - packer[i].life.first); };
        std::stable_sort(sequence.begin(), sequence.end(), [&](std::uint32_t a, std::uint32_t b) { return area(a) > area(b); });
        attempt(sequence);
    }
    // Repair: first comes what stood out last time. What takes few rounds succeeds or not; with many buffers each costs much.
    const int rounds = static_cast<int>(std::clamp<std::size_t>(kRepairs / std::max<std::size_t>(sequence.size(), 1), 4, 24));
    for (int round = 0; round < rounds && best > capacity; ++round) {
        std::stable_partition(sequence.begin(), sequence.end(), [&](std::uint32_t i) { return packer[i].offset + packer[i].bytes > capacity; });
        attempt(sequence);
    }
    return best;
}

}  // namespace infsim::compiler
