// The decisions of place + prefetch: an address for every buffer, and the position at which every load starts.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/liveness.hpp"
#include "compiler/memory/placement.hpp"

namespace infsim::compiler {

struct Allocated {
    std::vector<std::uint32_t> offset;  ///< by buffer, bytes within each partition
    std::vector<std::int32_t>
        order;  ///< indices into Liveness::loads in the order of use: of two that start together the first goes first
    std::vector<std::int32_t> start;  ///< by load: the instruction in front of which it stands
    std::int64_t lower_bound = 0;     ///< largest sum of live activations
};

/// Why there is no placement: bytes wanted at an instant, and how that came about.
struct NotAllocated {
    std::int32_t position = 0;
    std::int64_t wanted = 0;
    std::string why;
    bool certain = false;  ///< the live buffers alone exceed the capacity; otherwise only no packing was found
};

std::variant<Allocated, NotAllocated> allocate(const Liveness& liveness, const PlaceOptions& options);

/// What has been allocated for the liveness of `code`, with the new order of its instructions.
Placement placement_of(const Code& code, Allocated&& allocated);

}  // namespace infsim::compiler
