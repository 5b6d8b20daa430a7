// place + prefetch: addresses for buffers, and how early each load may start.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/ir/placement.hpp"
#include "compiler/outcome.hpp"

namespace infsim::compiler {

struct PlaceOptions {
    std::int64_t capacity = 0;     ///< bytes per partition
    std::string capacity_note;     ///< what messages say behind it
    std::string capacity_binding;  ///< what sets it
    bool prefetch = true;
    int rotation = 2;         ///< buffers of one name that get addresses of their own before one is used again
    int prefetch_depth = 64;  ///< loads of a stream that may be under way or waiting for their use
};

/// Gives every buffer an address for its lifetime and moves loads up. Returns why not when the live buffers of
/// some instant exceed the capacity, or when no packing was found.
std::variant<Placement, DoesNotFit> place(const Code& code, const std::vector<program::LayerInfo>& layers,
                                          const PlaceOptions& options);

}  // namespace infsim::compiler
