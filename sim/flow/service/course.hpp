// What an inference computes and what it moves, as a serving simulation sees it.
#pragma once

#include <vector>

#include "chip/chip.hpp"
#include "hw/spec.hpp"
#include "observe/events.hpp"
#include "program/program.hpp"
#include "serving/device.hpp"

namespace infsim::flow {

/// The course of `program` on `spec`. How far the computation must be for a transfer to begin, and how far it gets
/// without its bytes, come from the program's waits, executed with a DRAM that takes no time; what moves when, from the
/// `transfers` of the inference `alone` on the chip. Its pieces are stretches of that inference in which the same
/// transfers are under way, joined to at most `pieces`; its time is that of `alone` to the picosecond. Empty when
/// nothing crosses DRAM.
serving::Course course_of(const hw::ChipSpec& spec, const program::Program& program,
                          const std::vector<observe::Transferred>& transfers, const chip::Completion& alone,
                          std::size_t pieces);

}  // namespace infsim::flow
