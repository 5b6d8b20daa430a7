// Lifetimes that are longer than a buffer's use, so that what comes next gets another address and need not wait.
#pragma once

#include <vector>

#include "compiler/memory/liveness.hpp"

namespace infsim::compiler {

/// Lifetimes stretched so that the next `depth` buffers of the same name get other addresses: a window or scratch
/// buffer that replaces the one just before it would have to wait for that one's readers. `near`: ignore buffers far
/// behind, such as those of the next pass.
IdVector<BufferId, Lifetime> rotated(const Liveness& liveness, const std::vector<BufferId>& ids, int depth, bool near);

/// The same lifetimes, those of lingering buffers stretched by half of the time from one part of the batch to the next:
/// what begins the next one would otherwise lie where outputs of the previous one still leave.
IdVector<BufferId, Lifetime> lingering(const Liveness& liveness, const std::vector<BufferId>& ids,
                                       IdVector<BufferId, Lifetime> lives);

}  // namespace infsim::compiler
