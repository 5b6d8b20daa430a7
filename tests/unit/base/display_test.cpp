#include <catch2/catch.hpp>

#include "base/display.hpp"

namespace infsim {

TEST_CASE("width counts what a terminal shows") {
    CHECK(display_width("") == 0);
    CHECK(display_width("conv1") == 5);
    CHECK(display_width("größe µs") == 8);
    CHECK(display_width("\x1b[33mno fit\x1b[0m [1]") == 10);
    CHECK(display_width("\x1b[33") == 0);
}

TEST_CASE("text is cut between characters") {
    CHECK(cut_to_width("conv1", 3) == "con");
    CHECK(cut_to_width("conv1", 9) == "conv1");
    CHECK(cut_to_width("aµb", 2) == "aµ");
    CHECK(cut_to_width("µµ", 0).empty());
}

}  // namespace infsim
