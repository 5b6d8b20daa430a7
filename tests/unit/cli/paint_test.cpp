#include <catch2/catch.hpp>

#include "cli/paint.hpp"

namespace infsim::cli {

TEST_CASE("colours go to terminals that want them") {
    const auto automatic = [](const Surroundings& of) { return wants_colour(ColourChoice::automatic, of); };
    CHECK(automatic({true, "", "xterm-256color"}));
    CHECK(automatic({true, "", ""}));
    CHECK_FALSE(automatic({false, "", "xterm"}));
    CHECK_FALSE(automatic({true, "1", "xterm"}));
    CHECK_FALSE(automatic({true, "0", "xterm"}));  // whatever its value
    CHECK_FALSE(automatic({true, "", "dumb"}));
}

TEST_CASE("an option wins over the surroundings") {
    CHECK(wants_colour(ColourChoice::always, {false, "1", "dumb"}));
    CHECK_FALSE(wants_colour(ColourChoice::never, {true, "", "xterm"}));
}

TEST_CASE("paint that is off leaves text alone") {
    CHECK(Paint{}(Ink::bad, "failed") == "failed");
    CHECK(Paint{true}(Ink::bad, "failed") == "\x1b[31mfailed\x1b[0m");
    CHECK(Paint{true}(Ink::plain, "fine") == "fine");
    CHECK(Paint{true}(Ink::good, "").empty());
}

TEST_CASE("a line is drawn again on a terminal that is not dumb") {
    CHECK(can_redraw({true, "1", "xterm"}));
    CHECK_FALSE(can_redraw({true, "", "dumb"}));
    CHECK_FALSE(can_redraw({false, "", "xterm"}));
}

}  // namespace infsim::cli
