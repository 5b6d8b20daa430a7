#include "compiler/memory/assign_addresses.hpp"

#include <algorithm>
#include <utility>

#include "compiler/memory/life_index.hpp"

namespace infsim::compiler {

namespace {

constexpr std::size_t kRepairs = 100'000;  ///< approximate number of addresses assigned over all rounds of repair
constexpr std::size_t kMany = 4096;

/// A buffer that needs an address, with what others have to know of it, contiguous in memory.
struct Item {
    std::uint32_t offset = 0, bytes = 0;
    Half half = Half::both;

    std::int64_t end() const { return std::int64_t{offset} + bytes; }
};
using ItemId = TypedId<struct ItemTag>;
using Items = IdVector<ItemId, Item>;
using Sequence = std::vector<ItemId>;

Items items_of(const IdVector<BufferId, Buffer>& buffers, const std::vector<BufferId>& ids) {
    Items items;
    for (BufferId b : ids) items.push_back({0, static_cast<std::uint32_t>(buffers[b].bytes), buffers[b].half});
    return items;
}

IdVector<ItemId, Lifetime> lives_of(const IdVector<BufferId, Lifetime>& lives, const std::vector<BufferId>& ids) {
    IdVector<ItemId, Lifetime> list;
    for (BufferId b : ids) list.push_back(lives[b]);
    return list;
}

/// Gives items their addresses in some order.
class Assignment {
public:
    Assignment(Items items, IdVector<ItemId, Lifetime> lives)
        : items_(std::move(items)), lives_(std::move(lives)), index_(lives_) {
        for (const Lifetime& life : lives_) begun_.push_back(index_.begun_by(life.last));
    }

    const Items& items() const { return items_; }
    std::int64_t area(ItemId i) const { return items_[i].bytes * std::int64_t{lives_[i].last - lives_[i].first}; }

    /// One after the other, each at the lowest address that is free during its whole life. Returns the highest byte
    /// used + 1. Stops as soon as that is `enough`.
    std::int64_t assign(const Sequence& sequence, std::int64_t enough) {
        index_.clear();
        std::int64_t top = 0;
        for (ItemId i : sequence) {
            Item& item = items_[i];
            note_taken(i);
            item.offset = static_cast<std::uint32_t>(lowest_gap(item.bytes));
            index_.add(i);
            top = std::max(top, item.end());
            if (top >= enough) break;
        }
        return top;
    }

private:
    Items items_;
    IdVector<ItemId, Lifetime> lives_;
    LifeIndex<ItemId> index_;
    IdVector<ItemId, std::size_t> begun_;  ///< how many lives begin before the end of this one
    /// First byte and last byte + 1, packed in the two halves: one number sorts faster than two.
    std::vector<std::uint64_t> taken_;

    void note_taken(ItemId i) {
        taken_.clear();
        index_.overlapping_of(begun_[i], lives_[i].first, [&](ItemId other) {
            const Item& o = items_[other];
            if (share_partitions(o.half, items_[i].half))
                taken_.push_back(std::uint64_t{o.offset} << 32 | (std::uint64_t{o.offset} + o.bytes));
        });
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

/// The best of several orders.
class Search {
public:
    Search(Assignment assignment, std::int64_t capacity)
        : assignment_(std::move(assignment)), capacity_(capacity), best_offset_(assignment_.items().size(), 0) {
        for (ItemId i : assignment_.items().ids()) program_order_.push_back(i);
    }

    std::int64_t run(std::int64_t lower_bound) {
        Sequence sequence = program_order_;
        sort_by(sequence, [&](ItemId i) { return std::int64_t{item(i).bytes}; });
        attempt(sequence);
        if (best_ > lower_bound) {
            sequence = program_order_;
            attempt(sequence, best_);
        }
        if (best_ > capacity_) {
            sort_by(sequence, [&](ItemId i) { return assignment_.area(i); });
            attempt(sequence);
        }
        repair(sequence);
        return best_;
    }

    /// By item, for the best order.
    const IdVector<ItemId, std::uint32_t>& offsets() const { return best_offset_; }

private:
    Assignment assignment_;
    std::int64_t capacity_, best_ = INT64_MAX;
    IdVector<ItemId, std::uint32_t> best_offset_;
    Sequence program_order_;

    const Item& item(ItemId i) const { return assignment_.items()[i]; }

    /// Sorts the largest first.
    template <class Measure>
    void sort_by(Sequence& sequence, Measure measure) const {
        std::stable_sort(sequence.begin(), sequence.end(), [&](ItemId a, ItemId b) { return measure(a) > measure(b); });
    }

    /// If it takes `enough` bytes, nobody will ask how many, or where its items are.
    std::int64_t attempt(const Sequence& sequence, std::int64_t enough = INT64_MAX) {
        const std::int64_t top = assignment_.assign(sequence, enough);
        if (top >= best_) return top;
        best_ = top;
        for (ItemId i : assignment_.items().ids()) best_offset_[i] = item(i).offset;
        return top;
    }

    /// Items that stuck out last time come first. Few cheap rounds either succeed or do not; with many buffers each
    /// round is expensive, so the first one without progress is the last.
    void repair(Sequence& sequence) {
        const std::size_t n = std::max<std::size_t>(sequence.size(), 1);
        const auto rounds = std::clamp<std::size_t>(kRepairs / n, 4, 24);
        std::int64_t before = INT64_MAX;
        for (std::size_t round = 0; round < rounds && best_ > capacity_; ++round) {
            std::stable_partition(sequence.begin(), sequence.end(),
                                  [&](ItemId i) { return item(i).end() > capacity_; });
            // Without progress the last round is of no use, and with many buffers any round is the last one then.
            const std::int64_t enough = n > kMany ? before : round + 1 == rounds ? best_ : INT64_MAX;
            const std::int64_t top = attempt(sequence, enough);
            if (n > kMany && top >= before) break;
            before = top;
        }
    }
};

}  // namespace

std::int64_t assign_addresses(const IdVector<BufferId, Buffer>& buffers, const IdVector<BufferId, Lifetime>& lives,
                              const std::vector<BufferId>& ids, std::int64_t capacity, std::int64_t lower_bound,
                              IdVector<BufferId, std::uint32_t>& offset) {
    Search search(Assignment(items_of(buffers, ids), lives_of(lives, ids)), capacity);
    const std::int64_t top = search.run(lower_bound);
    for (std::size_t i = 0; i < ids.size(); ++i) offset[ids[i]] = search.offsets().items()[i];
    return top;
}

}  // namespace infsim::compiler
