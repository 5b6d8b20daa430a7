// Which earlier instructions an instruction must wait for, derived from the bytes both touch.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "program/program.hpp"

namespace infsim::compiler {

/// Retired-instruction counts by queue: entry q = v means "v instructions of queue q have retired".
using Counts = std::vector<std::uint32_t>;

/// Remembers, for every byte on chip, its last writer and the readers since.
class HazardMap {
public:
    HazardMap(const program::Target& target, std::size_t queues);
    std::size_t queues() const { return queues_; }

    /// Adds to `need` what an access by an instruction of queue `queue` must wait for. A read after a write of the
    /// same queue counts too (results are there only at retirement); writes after reads or writes of the same
    /// queue do not, because a queue retires in order.
    void query(const program::AccessPattern& ap, bool write, std::uint8_t queue, Counts& need) const;
    /// Records the access by instruction `index` of queue `queue`.
    void record(const program::AccessPattern& ap, bool write, std::uint8_t queue, std::uint32_t index);

private:
    struct Reader { std::uint8_t queue; std::uint32_t index; };
    struct Stretch {
        std::uint32_t end = 0;
        std::uint8_t writer_queue = program::kNoQueue;
        std::uint32_t writer = 0;
        std::vector<Reader> readers;
    };
    using Space = std::map<std::uint32_t, Stretch>;   ///< by first byte; gaps were never touched
    std::size_t queues_;
    int half_partitions_;
    std::array<Space, 3> spaces_;                      ///< lower half, upper half, PSUM

    /// Calls f(space) for every space that the pattern lies in.
    template <class Self, class F>
    static void each_space(Self& self, const program::AccessPattern& ap, F&& f);
    static void record_read(Space& space, std::uint32_t lo, std::uint32_t hi, Reader reader);
    static void record_write(Space& space, std::uint32_t lo, std::uint32_t hi, Reader writer);
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
    std::vector<std::vector<std::uint32_t>> history_;      ///< by queue: `queues_` counts per instruction
    const std::uint32_t* at(std::uint8_t queue, std::uint32_t index) const { return history_[queue].data() + std::size_t{index} * queues_; }
};

}  // namespace infsim::compiler
