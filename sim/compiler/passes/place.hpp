// place + prefetch: addresses for buffers, and how early each load may start.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "compiler/code.hpp"
#include "compiler/compile.hpp"

namespace infsim::compiler {

struct PlaceOptions {
    std::int64_t capacity = 0;     ///< bytes per partition
    std::string capacity_note;     ///< what messages say behind it
    std::string capacity_binding;  ///< what sets it
    bool prefetch = true;
    int rotation = 2;         ///< buffers of one name that get addresses of their own before one is used again
    int prefetch_depth = 64;  ///< loads of a stream that may be under way or waiting for their use
};

struct Placement {
    std::vector<std::uint32_t> offset;      ///< by buffer, bytes within each partition
    std::vector<std::int32_t> order;        ///< new serial order: indices into Code::instructions
    std::vector<std::size_t> queue_length;  ///< by queue, instructions
    std::vector<std::int32_t> first,
        last;                      ///< by buffer: positions in `order` of the first and last instruction that touch it
    std::int64_t peak = 0;         ///< highest byte used + 1
    std::int64_t lower_bound = 0;  ///< largest sum of live activations
};

/// Gives every buffer an address for its lifetime and moves loads up. Returns why not when the live buffers of
/// some instant exceed the capacity, or when no packing was found.
std::variant<Placement, DoesNotFit> place(const Code& code, const std::vector<program::LayerInfo>& layers,
                                          const PlaceOptions& options);

}  // namespace infsim::compiler
