// Bounds of whole numbers, and the message for a number outside them.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace infsim {

/// Both ends included.
struct Counts {
    std::int64_t least, most;
    constexpr bool hold(std::int64_t n) const { return n >= least && n <= most; }
};

/// "from 1 to 64".
std::string to_text(Counts counts);

/// "must be from 1 to 64, and is 65"; "" for a number within the bounds.
std::string problem_with(std::int64_t n, Counts counts);
/// "must be an integer from 1 to 64, and is a string"; "" for an integer within the bounds. Quotes short texts.
std::string problem_with(const json::Value& value, Counts counts);

/// "65", "'x'" or the kind of the value: how a message shows a wrong value.
std::string shown(const json::Value& value);

}  // namespace infsim
