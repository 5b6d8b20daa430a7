// How much device DRAM a core's own copy of program and data takes, region by region.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "compiler/ir/scratch_places.hpp"
#include "compiler/outcome.hpp"
#include "program/program.hpp"

namespace infsim::compiler {

struct DramNeeds {
    std::map<int, std::map<program::Purpose, std::int64_t>> segments;  ///< bytes by region
    std::int64_t instructions = 0;  ///< they lie in region 0, see program::kInstructionBytes
    bool at_least = false;          ///< some of the instructions and bytes are not counted

    std::vector<ScratchPlaces> scratch;  ///< what of `segments` can do with fewer places
    std::int64_t turn_waits = 0;         ///< see turn_waits(); needed only where there are fewer places

    std::int64_t bytes(int region) const;
};
/// Whether both need the same, as they are.
inline bool operator==(const DramNeeds& a, const DramNeeds& b) {
    return a.segments == b.segments && a.instructions == b.instructions && a.at_least == b.at_least;
}

/// Bytes that a segment takes: host transfers overlap execution, so what they touch exists twice. A multiple of 64.
std::int64_t dram_bytes(const program::Segment& segment);
DramNeeds dram_needs(const std::vector<program::Segment>& segments, std::size_t instructions);

/// The most instructions that carry waits because images take turns in scratch space, for so many stores to it: each
/// may wait for the rings of all DMA engines, those that read the image before and those that wrote it.
std::int64_t turn_waits(std::int64_t stores, int dma_engines);

/// An upper bound of the needs once waits are inserted, which adds an instruction here and there.
DramNeeds with_waits(DramNeeds needs);

/// The same with places for `images` images in scratch space, as far as each value can do with that many.
DramNeeds with_scratch_for(DramNeeds needs, int images);
/// With places for as many images as device DRAM can hold once waits are inserted; if it cannot, for as few as serve.
DramNeeds with_scratch_that_fits(DramNeeds needs, const program::Target& target);

/// Why the fullest region cannot hold what is needed there, if so: with as few places in scratch space as serve.
std::optional<DoesNotFit> dram_shortage(const DramNeeds& needs, const program::Target& target);
DoesNotFit dram_refusal(std::int64_t wanted, int region, const program::Target& target, bool at_least = false);

/// Gives every segment an address in its region.
void lay_out_dram(program::Program& program);

}  // namespace infsim::compiler
