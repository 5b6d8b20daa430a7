// A second opinion on the time of an inference, on the back of an envelope: no events, no dependences, no arbiter.
#pragma once

#include "analysis/roofline.hpp"

namespace infsim::analysis {

struct ClosedForm {
    double throughput = 0;  ///< inferences per second of all cores
    Duration latency{};     ///< of one inference in a closed loop
    Duration dram{};        ///< bytes of one inference at what a core gets of the channels
    Duration compute{};     ///< PE, ACT and POOL one after the other
};

/// Roofline plus overlap: transfers hide behind computing and the other way round, so the longer of the two counts;
/// the engines of a core hand data to each other and overlap not at all. With one worker a core also waits for the host
/// (call, transfers in and out); with more that hides, as far as link and host threads allow, and latency is workers x
/// period. `items`: of an inference.
ClosedForm closed_form(const hw::ChipSpec& spec, int cores, int workers, int items, const Demand& demand);

}  // namespace infsim::analysis
