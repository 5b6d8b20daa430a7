// Which earlier instructions an instruction must wait for, derived from the bytes both touch.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "program/operands.hpp"

namespace infsim::compiler {

/// Retired-instruction counts by queue: entry q = v means "v instructions of queue q have retired".
using Counts = std::vector<std::uint32_t>;

/// Remembers, for every byte on chip, its last writer and the readers since.
class HazardMap {
public:
    explicit HazardMap(std::size_t queues) : queues_(queues) {}
    std::size_t queues() const { return queues_; }

    /// Adds to `need` what an access by an instruction of queue `queue` must wait for. A read after a write of the
    /// same queue counts too (results are there only at retirement); writes after reads or writes of the same
    /// queue do not, because a queue retires in order.
    void query(const program::AccessPattern& ap, bool write, std::uint8_t queue, Counts& need) const;
    /// Records the access by instruction `index` of queue `queue`.
    void record(const program::AccessPattern& ap, bool write, std::uint8_t queue, std::uint32_t index);
    /// The same for the hull of an access to device DRAM; only segments that the Program both writes and reads matter.
    void query(const program::DramAccess& access, std::uint8_t queue, Counts& need) const;
    void record(const program::DramAccess& access, std::uint8_t queue, std::uint32_t index);

private:
    /// Instruction `index` of `queue` touched partitions [first, last).
    struct Touch { std::uint8_t queue; std::uint32_t index; int first, last; };
    using Touches = boost::container::small_vector<Touch, 2>;   ///< most bytes have one writer and few readers
    struct Stretch {
        std::uint32_t end = 0;
        Touches writers;   ///< of disjoint partitions
        Touches readers;   ///< since the bytes were written
    };
    using Space = std::map<std::uint32_t, Stretch>;   ///< by first byte; gaps were never touched
    std::size_t queues_;
    std::array<Space, 2> spaces_;                      ///< state buffer, PSUM
    std::map<std::uint32_t, Space> segments_;          ///< DRAM, by segment

    static void query(const Space& space, std::uint32_t lo, std::uint32_t hi, bool write, const Touch& who, Counts& need);
    static void record(Space& space, std::uint32_t lo, std::uint32_t hi, bool write, const Touch& who);
    static void record_read(Space& space, std::uint32_t lo, std::uint32_t hi, const Touch& reader);
    static void record_write(Space& space, std::uint32_t lo, std::uint32_t hi, const Touch& writer);
    static void split(Space& space, std::uint32_t at);
};

/// Reduces needs to the waits that are not implied by what the queue has already waited for.
class WaitReducer {
public:
    explicit WaitReducer(std::size_t queues) : queues_(queues), known_(queues, Counts(queues, 0)), history_(queues) {}
    /// Waits that the next instruction of `queue` has to carry for `need`.
    std::vector<program::Wait> reduce(std::uint8_t queue, const Counts& need) const;
    /// Records that an instruction of `queue` was issued with these waits.
    void issue(std::uint8_t queue, const program::Waits& waits);

private:
    std::size_t queues_;
    std::vector<Counts> known_;                            ///< by queue: what its last instruction knew at issue
    /// What the instructions of a queue knew at issue. Most carry no wait and know what the one before knew.
    struct History {
        std::vector<std::uint32_t> known;   ///< `queues_` counts per entry
        std::vector<std::uint32_t> entry;   ///< by instruction
    };
    std::vector<History> history_;                         ///< by queue
    const std::uint32_t* at(std::uint8_t queue, std::uint32_t index) const {
        const History& history = history_[queue];
        return history.known.data() + std::size_t{history.entry[index]} * queues_;
    }
};

}  // namespace infsim::compiler
