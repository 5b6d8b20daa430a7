// The interface of the simulated chip. It is free of SystemC, so its users need none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"
#include "observe/observer.hpp"
#include "program/program.hpp"

namespace infsim::chip {

/// Bytes of a Program's segments, [segment][byte]; empty where a segment does not take part.
using SegmentBytes = std::vector<std::vector<std::byte>>;

/// One finished inference (one batch) of one core.
struct Completion {
    int core = 0;
    std::uint64_t inference = 0;  ///< as submit returned it
    TimePoint submitted{};
    TimePoint input_ready{};  ///< host input is in device DRAM
    TimePoint first_issue{};
    TimePoint last_retirement{};                  ///< service time = last_retirement - first_issue
    TimePoint output_done{};                      ///< latency = output_done - submitted
    std::shared_ptr<const SegmentBytes> outputs;  ///< with data: the output bytes at the host
};

/// A chip with `cores` active NeuronCores. One Chip per process (SystemC elaborates once).
class Chip {
public:
    /// `observers` outlive the chip. Throws InputError when `cores` is outside 1..spec.cores.
    Chip(const hw::ChipSpec& spec, int cores, std::vector<observe::Observer*> observers);
    ~Chip();
    Chip(const Chip&) = delete;
    Chip& operator=(const Chip&) = delete;

    /// Makes `program` the one that `core` executes. Throws InputError when the chip does not cover its Target.
    /// The core must have no inferences outstanding.
    void load(int core, std::shared_ptr<const program::Program> program);
    /// The same with data: state buffer, PSUM and DRAM hold bytes, transactions carry them, and instructions compute.
    /// `contents` are the weights and constants in device DRAM; anything not given is zero. Simulated times do not
    /// change. advance_until then throws exec::DataFault when an instruction reads bytes other than the expected ones.
    void load(int core, std::shared_ptr<const program::Program> program, SegmentBytes contents);

    /// Queues one inference on `core`, submitted by the host at `at` (not before now()).
    /// Input and output have two buffers each in device DRAM, so that transfers overlap the execution of the
    /// previous and the next inference; executions of one core do not overlap. The caller accounts for the time of
    /// the host's own software (HostSpec::call_overhead) before `at`.
    std::uint64_t submit(int core, TimePoint at);
    /// The same for a core that was loaded with data, with the bytes of every input segment.
    std::uint64_t submit(int core, TimePoint at, SegmentBytes inputs);

    /// Runs until simulated time `t`, or until nothing is left to do (now() is then the time of the last event). Throws
    /// InternalError, naming queues and instructions, when a program waits for something that never happens, and any
    /// exception of an observer; afterwards the chip can only be destroyed.
    void advance_until(TimePoint t);
    TimePoint now() const;

    /// Resets the turns of the DRAM arbiter, so that what follows does not depend on what ran before: one chip
    /// can then do several independent measurements. No inference may be outstanding.
    void forget_turns();

    /// Inferences that finished at or before now(), in order of output_done, then core; each is returned once.
    std::vector<Completion> take_completions();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace infsim::chip
