#include "compiler/memory/assign_addresses.hpp"

#include <algorithm>

#include "compiler/memory/life_index.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kRepairs = 100'000;  ///< buffers packed over all rounds of repair, about
constexpr std::size_t kMany = 4096;

/// A buffer to be packed: what other buffers have to know of it, side by side in memory.
struct Item {
    std::uint32_t offset = 0, bytes = 0;
    Half half = Half::both;
};

class Packer {
public:
    Packer(const std::vector<Buffer>& buffers, const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids)
        : lives_(lives_of(lives, ids)), index_(lives_) {
        for (BufferId b : ids) {
            const Buffer& buffer = buffers[static_cast<std::size_t>(b)];
            items_.push_back({0, static_cast<std::uint32_t>(buffer.bytes), buffer.half});
        }
    }

    const Item& operator[](std::uint32_t i) const { return items_[i]; }
    std::int64_t length(std::uint32_t i) const { return lives_[i].last - lives_[i].first; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(items_.size()); }

    /// Packs items one after the other, each at the lowest address that is free during its whole life. Returns the
    /// highest byte used + 1.
    std::int64_t pack(const std::vector<std::uint32_t>& sequence) {
        index_.clear();
        std::int64_t top = 0;
        for (std::uint32_t i : sequence) {
            Item& item = items_[i];
            taken_.clear();
            index_.overlapping(lives_[i].first, lives_[i].last, [&](std::size_t other) {
                const Item& o = items_[other];
                const bool share = o.half == Half::both || item.half == Half::both || o.half == item.half;
                if (share) taken_.push_back(std::uint64_t{o.offset} << 32 | (std::uint64_t{o.offset} + o.bytes));
            });
            item.offset = static_cast<std::uint32_t>(lowest_gap(item.bytes));
            index_.add(i);
            top = std::max(top, std::int64_t{item.offset} + item.bytes);
        }
        return top;
    }

private:
    std::vector<Lifetime> lives_;
    LifeIndex index_;
    std::vector<Item> items_;
    std::vector<std::uint64_t>
        taken_;  ///< first byte and last byte + 1, in the two halves: one number sorts faster than two

    static std::vector<Lifetime> lives_of(const std::vector<Lifetime>& lives, const std::vector<BufferId>& ids) {
        std::vector<Lifetime> list;
        for (BufferId b : ids) list.push_back(lives[static_cast<std::size_t>(b)]);
        return list;
    }

    std::uint64_t lowest_gap(std::uint32_t bytes) {
        std::sort(taken_.begin(), taken_.end());
        std::uint64_t at = 0;
        for (std::uint64_t range : taken_) {
            if (at + bytes <= range >> 32) break;
            at = std::max(at, range & UINT32_MAX);
        }
        return at;
    }
};

}  // namespace

std::int64_t assign_addresses(const std::vector<Buffer>& buffers, const std::vector<Lifetime>& lives,
                              const std::vector<BufferId>& ids, std::int64_t capacity, std::int64_t lower_bound,
                              std::vector<std::uint32_t>& offset) {
    Packer packer(buffers, lives, ids);
    std::vector<std::uint32_t> program_order(packer.size());
    for (std::uint32_t i = 0; i < packer.size(); ++i) program_order[i] = i;
    std::int64_t best = INT64_MAX;
    const auto attempt = [&](const std::vector<std::uint32_t>& sequence) {
        const std::int64_t top = packer.pack(sequence);
        if (top >= best) return top;
        best = top;
        for (std::size_t i = 0; i < ids.size(); ++i)
            offset[static_cast<std::size_t>(ids[i])] = packer[static_cast<std::uint32_t>(i)].offset;
        return top;
    };
    std::vector<std::uint32_t> sequence = program_order;
    std::stable_sort(sequence.begin(), sequence.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return packer[a].bytes > packer[b].bytes; });
    attempt(sequence);
    if (best > lower_bound) {
        sequence = program_order;
        attempt(sequence);
    }
    if (best > capacity) {
        const auto area = [&](std::uint32_t i) { return packer[i].bytes * packer.length(i); };
        std::stable_sort(sequence.begin(), sequence.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return area(a) > area(b); });
        attempt(sequence);
    }
    // Repair: first comes what stood out last time. What takes few rounds succeeds or not; with many buffers each costs
    // much, and the first that brings nothing is the last.
    const bool many = sequence.size() > kMany;
    const int rounds =
        static_cast<int>(std::clamp<std::size_t>(kRepairs / std::max<std::size_t>(sequence.size(), 1), 4, 24));
    std::int64_t before = INT64_MAX;
    for (int round = 0; round < rounds && best > capacity; ++round) {
        std::stable_partition(sequence.begin(), sequence.end(), [&](std::uint32_t i) {
            return std::int64_t{packer[i].offset} + packer[i].bytes > capacity;
        });
        const std::int64_t top = attempt(sequence);
        if (many && top >= before) break;
        before = top;
    }
    return best;
}

}  // namespace infsim::compiler
