// The bytes of one core over time: state buffer, PSUM, and its segments in device DRAM.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <vector>

#include "base/units.hpp"
#include "chip/chip.hpp"
#include "exec/execute.hpp"
#include "program/program.hpp"

namespace infsim::chip {

/// Queues run ahead of the simulated clock, so issues and retirements are handed in when they are known. They take
/// effect in the order of their times when a caller asks for the state at some time: sources are read at issue,
/// destinations are written at retirement. A retirement is visible to an issue at the same time. Bytes into and out of
/// DRAM travel in the DMA's transactions, from and into `Effect::bytes`.
///
/// Data never feed back into timing, so they cannot change a simulated time.
class CoreData {
public:
    /// Buffers of an input or output in device DRAM: one that the program works on, and two that the host fills
    /// or empties while the previous or next inference executes.
    static constexpr int kBuffers = 3;
    static int host_buffer(std::uint64_t inference) { return 1 + static_cast<int>(inference % 2); }

    /// `contents` as in Chip::load.
    CoreData(std::shared_ptr<const program::Program> program, SegmentBytes contents);

    /// The bytes of a segment in DRAM. The host's buffers exist for inputs and outputs only.
    std::vector<std::byte>& segment(std::uint32_t segment, int buffer = 0);

    /// The inference's input moves from its host buffer to the program's. The contents of the state buffer, but
    /// for static weights, and of PSUM are lost.
    void begin(std::uint64_t inference);
    /// Times must not be before a time given to `apply_until` or `in_flight`.
    void issue(program::InstructionId id, TimePoint at);
    void retire(program::InstructionId id, TimePoint at);
    /// Applies everything up to `at`. Throws exec::DataFault.
    void apply_until(TimePoint at);
    /// The effect of an instruction that issued at `issued` and has not retired. The reference is valid until then.
    exec::Effect& in_flight(program::InstructionId id, TimePoint issued);
    /// Everything has retired: the output moves to the inference's host buffer.
    void finish(std::uint64_t inference);

private:
    struct Event {
        TimePoint at;
        bool issue;
        program::InstructionId id;
    };
    struct Later {
        bool operator()(const Event& a, const Event& b) const;
    };
    void apply(const Event& event);
    void swap_with_host(program::Purpose purpose, std::uint64_t inference);

    std::shared_ptr<const program::Program> program_;
    exec::ExecState state_;
    std::array<SegmentBytes, kBuffers - 1> host_;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    std::vector<std::deque<exec::Effect>> in_flight_;  ///< per queue, in order of issue
};

}  // namespace infsim::chip
