// Who uses which buffer when: what choosing evictions has to know of a code.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/code.hpp"

namespace infsim::compiler {

/// The instructions that touch each buffer, one list behind the other: those of buffer b are at [begin[b], begin[b + 1]).
struct Uses {
    std::vector<std::uint32_t> begin;
    std::vector<std::int32_t> position;      ///< ascending within a buffer
    std::vector<std::int32_t> written;       ///< by use: position of the last write up to it, -1 before the first
    // By buffer:
    std::vector<std::int32_t> last_load;     ///< last position at which a movable load touches it, -1: none does
    std::vector<std::int32_t> sole_load;     ///< see sole_loads()
    std::vector<std::int64_t> written_bytes; ///< over all partitions
};

Uses uses_of(const Code& code);

/// By buffer: the load (index into Code::loads) that alone writes it, from weights, constants or graph inputs; -1: none.
std::vector<std::int32_t> sole_loads(const Code& code);

}  // namespace infsim::compiler
