// The bytes of one core: state buffer, PSUM and its segments in device DRAM; what instructions do to them, in time.
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

/// Queues run ahead of the simulated clock, so issues and retirements are handed in when they are known, and take
/// effect in the order of their times when somebody asks for the state at a moment: sources are read at issue,
/// destinations written at retirement. What retires at a moment is visible to what issues at that moment. Bytes
/// into and out of DRAM travel in the DMA's transactions, from and into `Effect::bytes`.
///
/// Nothing asks back, so data cannot change a simulated time.
class CoreData {
public:
    /// Buffers of an input or output in device DRAM: the one that the program works on, and two that the host fills
    /// or empties while inferences before and behind are executed.
    static constexpr int kBuffers = 3;
    static int host_buffer(std::uint64_t inference) { return 1 + static_cast<int>(inference % 2); }

    /// `contents` as in Chip::load.
    CoreData(std::shared_ptr<const program::Program> program, SegmentBytes contents);

    /// The bytes of a segment in DRAM. The host's buffers exist for inputs and outputs only.
    std::vector<std::byte>& segment(std::uint32_t segment, int buffer = 0);

    /// The inference's input, which is in its host buffer, becomes the program's. Of state buffer and PSUM nothing
    /// survives.
    void begin(std::uint64_t inference);
    /// Times must not lie before one that `apply_until` or `in_flight` was given.
    void issue(program::InstructionId id, TimePoint at);
    void retire(program::InstructionId id, TimePoint at);
    /// Lets everything up to `at` happen. Throws exec::DataFault.
    void apply_until(TimePoint at);
    /// What an instruction that issued at `issued` and has not retired carries; stays where it is until it retires.
    exec::Effect& in_flight(program::InstructionId id, TimePoint issued);
    /// All has retired: the output goes into the inference's host buffer.
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
