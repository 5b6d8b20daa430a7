#include <catch2/catch.hpp>

#include "base/counts.hpp"

namespace infsim {

TEST_CASE("a count within its bounds is right, and of any other is said what it is") {
    constexpr Counts counts{1, 64};
    for (const int n : {1, 64}) {
        CHECK(problem_with(n, counts).empty());
        CHECK(problem_with(json::Value(n), counts).empty());
    }
    CHECK(problem_with(0, counts) == "must be from 1 to 64, and is 0");
    CHECK(problem_with(json::Value(65), counts) == "must be an integer from 1 to 64, and is 65");
    CHECK(problem_with(json::Value(1.5), counts) == "must be an integer from 1 to 64, and is 1.5");
    CHECK(problem_with(json::Value("x"), counts) == "must be an integer from 1 to 64, and is 'x'");
    CHECK(problem_with(json::Value(json::Array{}), counts) == "must be an integer from 1 to 64, and is an array");
    CHECK(shown(json::Value(std::string(41, 'x'))) == "a string");
}

}  // namespace infsim
