// The ids of the compiler's forms.
#pragma once

#include "base/typed_id.hpp"

namespace infsim::compiler {

using ValueId = TypedId<struct ValueTag>;    ///< into Network::values
using LayerId = TypedId<struct LayerTag>;    ///< into Network::layers
using BufferId = TypedId<struct BufferTag>;  ///< into Code::buffers
using LoadId = TypedId<struct LoadTag>;      ///< into Code::loads
using ImageId = TypedId<struct ImageTag>;    ///< an image of the batch
using NodeId = TypedId<struct NodeTag>;      ///< into graph::Graph::nodes

constexpr ValueId kNoValue;
constexpr LayerId kNoLayer;
constexpr BufferId kNoBuffer;
constexpr LoadId kNoLoad;

}  // namespace infsim::compiler
