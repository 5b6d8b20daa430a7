// allocate + prefetch: an address for every buffer, and the position at which every load starts.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/liveness.hpp"

namespace infsim::compiler {

struct AllocateOptions {
    std::int64_t capacity = 0;     ///< bytes per partition
    std::string capacity_note;     ///< what messages say behind it
    std::string capacity_binding;  ///< what sets it
    bool prefetch = true;
    int rotation = 2;            ///< buffers of one name that get addresses of their own before one is used again
    bool near_rotation = false;  ///< not of buffers that come long after each other, as in two passes
    /// Where a load finds no place, only loads before it start late, not all there are; where that does not help
    /// either, it and its neighbours get their addresses together with the activations.
    bool patient = false;
    /// Where loads find no place, constants are given addresses together with what no load fills: a row of them lives
    /// long, and among the weights it parts the room that large loads want.
    bool settle_constants = false;
    int prefetch_depth = 64;  ///< loads of a stream that may be under way or waiting for their use
};

/// Where the buffers of a liveness lie and when its loads start.
struct Allocation {
    IdVector<BufferId, std::uint32_t> offset;  ///< bytes within each partition
    std::vector<LoadId> order;  ///< loads in the order of use: of two that start together the first goes first
    IdVector<LoadId, std::int32_t> start;  ///< the instruction in front of which it stands
    std::int64_t lower_bound = 0;          ///< largest sum of live activations

    /// Counts starts in another code, in which instruction p of this one begins at `begin[p]`.
    void move_to(const std::vector<std::int32_t>& begin);
};

/// Why there is no allocation: bytes wanted at an instant, and how that came about.
struct AllocationFailure {
    std::int32_t position = 0;
    std::int64_t wanted = 0;
    std::string why;
};

/// Gives every buffer an address for its lifetime and moves loads up. Returns why not when the live buffers of
/// some instant exceed the capacity, or when no addresses were found.
std::variant<Allocation, AllocationFailure> allocate(const Liveness& liveness, const AllocateOptions& options);

/// True: allocate() finds addresses. It costs much less, because no load moves up; false says nothing.
bool surely_allocates(const Liveness& liveness, const AllocateOptions& options);

}  // namespace infsim::compiler
