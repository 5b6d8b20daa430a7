// Turns the times of inferences into the tracks, slices, counters and flows of a trace.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "program/program.hpp"
#include "stats/program_index.hpp"
#include "stats/trace/inference.hpp"
#include "stats/trace/state_buffer_fill.hpp"
#include "stats/trace/writer.hpp"

namespace infsim::stats {

/// A process per core; in it a track of whole inferences, counters, a track per queue, and the host's two.
///
/// Within an inference the slices of a queue's track follow one another without a gap: instructions (neighbours of one
/// layer, image and kind that touch are one slice on PE, ACT and POOL), what the queue waited for, and `drained` from
/// its last instruction to the end of the inference. Between two inferences of a core, if both are written, is
/// `between`. Categories: the instruction ("matmul", "dma_load") and for DMA the purpose of its bytes; otherwise the
/// name of a share of time (record::TimeShare: "wait_weights", "drained"). A flow leads from a DMA to each instruction
/// of PE, ACT or POOL that waited for it.
class TimelineTrace {
public:
    /// `program`, `index` and `writer` must outlive it. Declares the tracks.
    TimelineTrace(const program::Program& program, const ProgramIndex& index, int cores, TraceWriter& writer);

    /// Inferences of a core come in order.
    void add(const InferenceTimes& times);

private:
    /// One end of a flow at an instruction of a queue.
    struct FlowEnd {
        std::size_t index = 0;
        std::uint64_t number = 0;
        bool operator<(const FlowEnd& o) const { return index != o.index ? index < o.index : number < o.number; }
    };
    /// Flows of one inference by queue, in order of their instruction there.
    struct Flows {
        std::vector<std::vector<FlowEnd>> out;  ///< of rings
        std::vector<std::vector<FlowEnd>> in;   ///< of the others
    };
    struct Previous {
        std::uint64_t number = 0;
        TimePoint last_retirement{};
    };
    void declare(int core);
    std::uint64_t track(int core, std::size_t offset) const;
    Flows flows_of(const InferenceTimes& times);
    std::optional<program::InstructionId> blamed_dma(const InferenceTimes& times, std::size_t queue,
                                                     std::size_t index) const;
    void add_between(const InferenceTimes& times);
    void add_queue(const InferenceTimes& times, std::size_t queue, const Flows& flows);
    void add_wait(std::uint64_t track, TimePoint from, TimePoint until, observe::Stall why);
    Slice work_slice(std::size_t queue, std::size_t index, std::uint64_t track) const;
    void add_host(const InferenceTimes& times);
    void add_counters(const InferenceTimes& times);

    const program::Program& program_;
    const ProgramIndex& index_;
    TraceWriter& writer_;
    StateBufferFill fill_;
    std::vector<std::optional<Previous>> previous_;  ///< per core, the inference written last
    std::uint64_t flows_ = 0;
};

}  // namespace infsim::stats
