// Addresses for buffers whose lifetimes are known.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/lifetimes.hpp"

namespace infsim::compiler {

/// Gives the buffers `ids` addresses so that none shares a byte with another that is alive at the same time; `offset`
/// has an entry for every buffer. Tries the largest first, then program order (unless that cannot help: `lower_bound`),
/// and further orders while the best takes more than `capacity`. Returns the highest byte used + 1 of the best.
std::int64_t assign_addresses(const IdVector<BufferId, Buffer>& buffers, const IdVector<BufferId, Lifetime>& lives,
                              const std::vector<BufferId>& ids, std::int64_t capacity, std::int64_t lower_bound,
                              IdVector<BufferId, std::uint32_t>& offset);

}  // namespace infsim::compiler
