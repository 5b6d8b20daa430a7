// A back-of-the-envelope estimate of the time of an inference: no events, no dependences, no arbiter.
#pragma once

#include "analysis/roofline.hpp"

namespace infsim::analysis {

struct ClosedForm {
    double throughput = 0;  ///< inferences per second of all cores
    Duration latency{};     ///< of one inference in a closed loop
    Duration dram{};        ///< bytes of one inference at a core's share of the channels
    Duration compute{};     ///< PE, ACT and POOL one after the other
};

/// Roofline plus overlap: transfers and computation overlap, so the longer of the two counts. The engines of a core
/// hand data to each other and do not overlap. With one worker, a core also waits for the host (call, transfers in and
/// out); with more, that time is hidden as far as link and host threads allow, and latency is workers x period.
/// `items`: of an inference.
ClosedForm closed_form(const hw::ChipSpec& spec, int cores, int workers, int items, const Demand& demand);

}  // namespace infsim::analysis
