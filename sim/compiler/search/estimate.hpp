// How long a Program takes on one core, as the compiler sees it: the only contention is a fair share of device DRAM.
#pragma once

#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct Estimate {
    Duration makespan{};  ///< first issue to last retirement
    /// By layer: the time by which its PE instructions extend the PE's work; the sum is the PE's last retirement.
    std::vector<Duration> pe_by_layer;
};

/// Each queue's instructions in order, each as early as its queue and its waits allow, at the costs of cost/. Transfers
/// in progress share their DMA engine equally. They also share what the core gets of the sustained DRAM bandwidth: an
/// equal part for each of the `cores` at work (all of the chip's unless told otherwise), at most a core's ceiling. The
/// chip models the bursts by which cores and engines take turns, and the channels. Throws InternalError if instructions
/// wait for each other.
Estimate estimate(const program::Program& program, const hw::ChipSpec& spec, int cores);
inline Estimate estimate(const program::Program& program, const hw::ChipSpec& spec) {
    return estimate(program, spec, spec.cores);
}

/// The expected time of an inference while all cores are at work: with an equal share of DRAM, less a quarter of what
/// it would gain alone, since computing cores leave their shares to others (tests/README.md, "Estimates").
Duration expected_service(const program::Program& program, const hw::ChipSpec& spec);

}  // namespace infsim::compiler
