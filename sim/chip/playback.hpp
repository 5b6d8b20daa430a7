// Runs an inference with data: what the queues' times say, done to real bytes in the order of those times.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/units.hpp"
#include "exec/execute.hpp"
#include "program/program.hpp"

namespace infsim::chip {

/// Queues run ahead of the simulated clock, so their effects on bytes are collected and applied when the whole
/// inference is known, by time: sources are read at issue, destinations written at retirement. What retires at a
/// moment is visible to what issues at that moment. Data therefore cannot change a simulated time.
class Playback {
public:
    /// Both outlive the playback.
    Playback(const program::Program& program, exec::ExecState& state) : program_(program), state_(state) {}

    void add(std::size_t queue, std::uint32_t index, TimePoint issued, TimePoint retired);
    /// Applies everything added since the last call. Throws exec::DataFault.
    void replay();

private:
    struct Event {
        TimePoint at;
        bool issue;
        program::InstructionId id;
    };
    const program::Program& program_;
    exec::ExecState& state_;
    std::vector<Event> events_;
};

}  // namespace infsim::chip
