// A code without its instructions: what placement has to know of it.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/code.hpp"
#include "compiler/memory/lifetimes.hpp"

namespace infsim::compiler {

/// A load with the position of its first instruction.
struct LoadSpan {
    BufferId buffer = kNoBuffer;
    std::int32_t stream = 0, earliest = 0, front = 0;
};

/// Lifetimes and positions count instructions; `loads` are in the order of Code::loads.
struct Liveness {
    IdVector<BufferId, Buffer> buffers;
    IdVector<BufferId, Lifetime> lives;
    IdVector<LoadId, LoadSpan> loads;
    std::vector<std::uint16_t> layer;  ///< by position, as LayerId

    LayerId layer_at(std::int32_t position) const { return LayerId(layer[static_cast<std::size_t>(position)]); }
};

/// The instant at which most is alive.
Peak peak_of(const Liveness& liveness);

/// What is alive at `position`, largest first, with the images of a tensor added up; `layers` has the layers' names.
std::vector<LiveTensor> alive_at(const Liveness& liveness, std::int32_t position,
                                 const std::vector<program::LayerInfo>& layers);
/// The same for given buffers.
std::vector<LiveTensor> tensors_of(const Liveness& liveness, const std::vector<BufferId>& buffers,
                                   const std::vector<program::LayerInfo>& layers);

}  // namespace infsim::compiler
