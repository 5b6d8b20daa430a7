// Whole numbers within bounds, and what is said of others.
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

/// "must be from 1 to 64, and is 65"; "" for a number that is within.
std::string problem_with(std::int64_t n, Counts counts);
/// "must be an integer from 1 to 64, and is a string"; "" for an integer that is within. Short texts are quoted.
std::string problem_with(const json::Value& value, Counts counts);

/// "65", "'x'" or what kind it is: what a message says of a value that is wrong.
std::string shown(const json::Value& value);

}  // namespace infsim
