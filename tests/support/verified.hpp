// Tests compile with every form verified.
#pragma once

#include "compiler/compile.hpp"

namespace infsim::test {

inline compiler::CompileExtras verified(bool explain = false) {
    compiler::CompileExtras extras;
    extras.verify = true;
    extras.explain = explain;
    return extras;
}

}  // namespace infsim::test
