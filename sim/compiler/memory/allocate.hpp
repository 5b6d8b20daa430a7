// allocate + prefetch: an address for every buffer, and the position where every load starts.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/memory/liveness.hpp"

namespace infsim::compiler {

struct AllocateOptions {
    std::int64_t capacity = 0;     ///< bytes per partition
    std::string capacity_note;     ///< appended to the capacity in messages
    std::string capacity_binding;  ///< which bound sets it
    bool prefetch = true;
    int rotation = 2;            ///< number of buffers of one name with different addresses before an address is reused
    bool near_rotation = false;  ///< not among buffers that come long after each other, as in two passes
    /// If a load finds no place, only loads before it start late, not all of them; if that does not help, it and its
    /// neighbours get their addresses together with the activations.
    bool patient = false;
    /// If loads find no place, constants get their addresses together with what no load fills: a row of constants lives
    /// long, and among the weights it splits the space that large loads need.
    bool settle_constants = false;
    int prefetch_depth = 64;  ///< loads of a stream that may be in progress or waiting for their use
};

/// Where the buffers of a liveness lie and when its loads start.
struct Allocation {
    IdVector<BufferId, std::uint32_t> offset;  ///< bytes within each partition
    std::vector<LoadId> order;             ///< loads in order of use: of two that start together the first goes first
    IdVector<LoadId, std::int32_t> start;  ///< the instruction before which it starts
    std::int64_t lower_bound = 0;          ///< largest sum of live activations

    /// Converts the starts to another code, in which instruction p of this one begins at `begin[p]`.
    void move_to(const std::vector<std::int32_t>& begin);
};

/// Why there is no allocation: the bytes wanted at an instant, and the cause.
struct AllocationFailure {
    std::int32_t position = 0;
    std::int64_t wanted = 0;
    std::string why;
};

/// Gives every buffer an address for its lifetime and moves loads up. Returns the reason if the live buffers of some
/// instant exceed the capacity, or if no addresses were found.
std::variant<Allocation, AllocationFailure> allocate(const Liveness& liveness, const AllocateOptions& options);

/// True: allocate() will find addresses. Much cheaper, because no load moves up; false says nothing.
bool surely_allocates(const Liveness& liveness, const AllocateOptions& options);

}  // namespace infsim::compiler
