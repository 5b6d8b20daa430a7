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

/// Instructions in serial order, each as early as its queue and its waits allow, at the costs of cost/. Transfers take
/// bytes out of a core's share of the sustained DRAM bandwidth (an equal part for each of the `cores` at work, all of
/// the chip's unless told otherwise, and at most a core's ceiling), counted in stretches of 2 us; arbitration between
/// cores and engines is the chip's affair.
Estimate estimate(const program::Program& program, const hw::ChipSpec& spec, int cores);
inline Estimate estimate(const program::Program& program, const hw::ChipSpec& spec) {
    return estimate(program, spec, spec.cores);
}

/// What an inference is expected to take while all cores are at work: with an equal share of DRAM, less a fifth of what
/// it would gain alone, since cores that compute leave their shares to others (tests/README.md, "Estimates").
Duration expected_service(const program::Program& program, const hw::ChipSpec& spec);

}  // namespace infsim::compiler
