// Space in device DRAM for values that change their layout there.
#pragma once

#include <cstdint>

#include "compiler/ir/ids.hpp"

namespace infsim::compiler {

/// The space of one value: a place for each of some images, one after the other. Image i takes place i modulo their
/// number.
struct ScratchPlaces {
    ValueId value;
    int region = 0;
    std::int64_t image_bytes = 0;
    int places = 0;   ///< that there are
    int at_once = 0;  ///< that are needed: images i and i + at_once are never in use at the same time
    int batch = 0;    ///< more are never needed
};

}  // namespace infsim::compiler
