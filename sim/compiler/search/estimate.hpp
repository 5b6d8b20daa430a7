// How long a Program takes on one core, as the compiler sees it: no contention but a fair share of device DRAM.
#pragma once

#include <vector>

#include "base/units.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct Estimate {
    Duration makespan{};  ///< first issue to last retirement
    /// By layer: time by which its PE instructions moved the end of the PE's work on; they add up to the PE's last
    /// retirement.
    std::vector<Duration> pe_by_layer;
};

/// Each queue's instructions in their order, each as early as its queue and its waits allow, at the costs of cost/.
/// Transfers under way share their DMA engine equally and, beside that, what the core has of the sustained DRAM
/// bandwidth: an equal part for each of the `cores` at work (all of the chip's unless told otherwise), at most a core's
/// ceiling. Turns that cores and engines take by bursts, and channels, are the chip's affair. Throws InternalError
/// where instructions wait for each other.
Estimate estimate(const program::Program& program, const hw::ChipSpec& spec, int cores);
inline Estimate estimate(const program::Program& program, const hw::ChipSpec& spec) {
    return estimate(program, spec, spec.cores);
}

/// What an inference is expected to take while all cores are at work: with an equal share of DRAM, less a quarter of
/// what it would gain alone, since cores that compute leave their shares to others (tests/README.md, "Estimates").
Duration expected_service(const program::Program& program, const hw::ChipSpec& spec);

}  // namespace infsim::compiler
