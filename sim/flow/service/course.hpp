// The computation and the transfers of an inference, for serving simulations.
#pragma once

#include <vector>

#include "chip/chip.hpp"
#include "hw/spec.hpp"
#include "observe/events.hpp"
#include "program/program.hpp"
#include "serving/device.hpp"

namespace infsim::flow {

/// The course of `program` on `spec`. The progress of the computation at which a transfer may begin, and at which the
/// computation needs its bytes, come from the program's waits, executed with a DRAM that takes no time. The times of
/// transfers come from the `transfers` of the inference `alone` on the chip. Pieces are stretches of that inference
/// with the same active transfers, joined to at most `pieces`; the course's time is that of `alone` to the picosecond.
/// Empty if nothing crosses DRAM.
serving::Course course_of(const hw::ChipSpec& spec, const program::Program& program,
                          const std::vector<observe::Transferred>& transfers, const chip::Completion& alone,
                          std::size_t pieces);

}  // namespace infsim::flow
