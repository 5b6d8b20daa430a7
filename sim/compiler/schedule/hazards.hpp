// Which earlier instructions an instruction must wait for, derived from the bytes that both touch.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "program/operands.hpp"

namespace infsim::compiler {

/// Retired-instruction counts by queue: entry q = v means "v instructions of queue q have retired".
using Counts = std::vector<std::uint32_t>;

/// Remembers, for every byte on chip, its last writer and the readers since.
class HazardMap {
    /// Instruction `index` of `queue` touched partitions [first, last).
    struct Touch {
        std::uint8_t queue;
        std::uint16_t first, last;
        std::uint32_t index;
    };
    /// ... and read bytes [lo, hi) of them, as far as these lie in the stretch.
    struct Read {
        Touch who;
        std::uint32_t lo, hi;
    };
    /// Bytes that were all last written by the same instructions.
    struct Stretch {
        std::uint32_t end = 0;
        std::uint32_t again = 0;  ///< the entry of `reads` that is likely to be read next: reads come in rounds
        boost::container::small_vector<Touch, 2> writers;  ///< of disjoint partitions
        std::vector<Read> reads;                           ///< since the bytes were written
    };
    using Space = std::pmr::map<std::uint32_t, Stretch>;  ///< by first byte; gaps were never touched

public:
    /// An access and its position among the stretches, so that querying and recording need one search. Recording a
    /// write invalidates all places found before it.
    class Place {
        friend class HazardMap;
        Space* space;
        Space::iterator at;  ///< the first stretch that ends after `lo`, or near it
        std::uint32_t lo, hi;
        Touch who;
        bool write;
    };

    explicit HazardMap(std::size_t queues) : queues_(queues), spaces_{Space(&pool_), Space(&pool_)}, recent_(kRecent) {}
    HazardMap(const HazardMap&) = delete;
    HazardMap& operator=(const HazardMap&) = delete;
    std::size_t queues() const { return queues_; }

    Place find(const program::AccessPattern& ap, bool write, std::uint8_t queue);
    /// The same for the hull of an access to device DRAM; only segments that the Program both writes and reads matter.
    Place find(const program::DramAccess& access, std::uint8_t queue);

    /// Adds to `need` what the access must wait for. A read after a write of the same queue counts too (results are
    /// there only at retirement); writes after reads or writes of the same queue do not, because a queue retires in
    /// order.
    static void query(const Place& place, Counts& need);
    /// Records the access by instruction `index` of its queue.
    void record(Place place, std::uint32_t index);

private:
    /// Where recent accesses to the state buffer were found, by their first byte: most come again soon.
    struct Recent {
        Space::iterator at;
        std::uint32_t erasures = 0;
    };
    static constexpr std::size_t kRecent = 256;
    std::size_t queues_;
    std::pmr::unsynchronized_pool_resource pool_;
    std::array<Space, 2> spaces_;  ///< state buffer, PSUM
    std::vector<Recent> recent_;
    std::uint32_t erasures_ = 1;               ///< each of them invalidates all earlier entries
    std::map<std::uint32_t, Space> segments_;  ///< DRAM, by segment

    static Space::iterator first_behind(Space& space, std::uint32_t lo);
    Space::iterator first_behind_lately(std::uint32_t lo);
    static Space::iterator cut(Space& space, Space::iterator at, std::uint32_t lo);
    static void record_read(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi,
                            const Touch& reader);
    static void note(Stretch& stretch, const Read& read);
    void record_write(Space& space, Space::iterator first, std::uint32_t lo, std::uint32_t hi, const Touch& writer);
};

/// Reduces needs to the waits that the queue's earlier waits do not imply.
class WaitReducer {
public:
    explicit WaitReducer(std::size_t queues) : queues_(queues), known_(queues, Counts(queues, 0)), history_(queues) {}
    /// The waits that the next instruction of `queue` has to carry for `need`.
    std::vector<program::Wait> reduce(std::uint8_t queue, const Counts& need) const;
    /// Records that an instruction of `queue` was issued with these waits.
    void issue(std::uint8_t queue, const program::Waits& waits);

private:
    std::size_t queues_;
    std::vector<Counts> known_;  ///< by queue: what its last instruction knew at issue
    /// What the instructions of a queue knew at issue. Most carry no wait and know the same as the one before.
    struct History {
        std::vector<std::uint32_t> known;  ///< `queues_` counts per entry
        std::vector<std::uint32_t> entry;  ///< by instruction
    };
    std::vector<History> history_;  ///< by queue
    const std::uint32_t* at(std::uint8_t queue, std::uint32_t index) const {
        const History& history = history_[queue];
        return history.known.data() + std::size_t{history.entry[index]} * queues_;
    }
};

}  // namespace infsim::compiler
