// How much device DRAM a core's own copy of program and data takes, region by region.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "compiler/outcome.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct DramNeeds {
    std::map<int, std::map<program::Purpose, std::int64_t>> segments;  ///< bytes by region
    std::int64_t instructions = 0;  ///< they lie in region 0, see program::kInstructionBytes
    bool at_least = false;          ///< some of the instructions and bytes are not counted

    std::int64_t bytes(int region) const;
};
inline bool operator==(const DramNeeds& a, const DramNeeds& b) {
    return a.segments == b.segments && a.instructions == b.instructions && a.at_least == b.at_least;
}

/// Bytes that a segment takes: host transfers overlap execution, so what they touch exists twice. A multiple of 64.
std::int64_t dram_bytes(const program::Segment& segment);
DramNeeds dram_needs(const std::vector<program::Segment>& segments, std::size_t instructions);

/// An upper bound of the needs once waits are inserted, which adds an instruction here and there.
DramNeeds with_waits(DramNeeds needs);

/// Why the fullest region cannot hold what is needed there, if so.
std::optional<DoesNotFit> dram_shortage(const DramNeeds& needs, const program::Target& target);
DoesNotFit dram_refusal(std::int64_t wanted, int region, const program::Target& target, bool at_least = false);

/// Gives every segment an address in its region.
void lay_out_dram(program::Program& program);

}  // namespace infsim::compiler
