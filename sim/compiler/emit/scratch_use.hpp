// How many images of a value change their layout in device DRAM at the same time.
#pragma once

#include <cstdint>
#include <map>

#include "compiler/ir/ids.hpp"

namespace infsim::compiler {

/// Notes who writes and reads scratch space, in the order of the code. So it needs no idea of what that order is.
class ScratchUse {
public:
    /// The next instructions write the space of this image, or read it.
    void note(ValueId v, ImageId image);
    /// The smallest number n so that images whose numbers differ by n or more are never in use at the same time: an
    /// image is in use from its first instruction to its last one.
    int at_once(ValueId v) const;

private:
    /// Instants at which an image is in use first and last.
    struct Span {
        std::int64_t first = 0, last = 0;
    };
    std::map<ValueId, std::map<ImageId, Span>> spans_;
    std::int64_t now_ = 0;
};

}  // namespace infsim::compiler
