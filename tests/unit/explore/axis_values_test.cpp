#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "explore/axis_values.hpp"

using namespace infsim;

namespace {

/// The values as JSON, or the problems.
std::string read(const std::string& text) {
    Problems problems;
    const auto document = json::parse_text(text, "s.json", problems);
    REQUIRE(document);
    const auto values = explore::axis_values(json::Cursor(*document, problems));
    std::string said;
    for (const Problem& p : problems.list()) said += p.where + ": " + p.what + "\n";
    CHECK(said.empty() != values.empty());
    return said.empty() ? json::dump_canonical(json::Value(values)) : said;
}

}  // namespace

TEST_CASE("An array stands as it is") { CHECK(read(R"([1, "a", [2], {"x": 1}])") == R"([1,"a",[2],{"x":1}])"); }

TEST_CASE("A range has both ends, in whole steps") {
    CHECK(read(R"({"from": 1, "to": 4, "step": 1})") == "[1,2,3,4]");
    CHECK(read(R"({"from": 1, "to": 8, "step": 3})") == "[1,4,7]");
    CHECK(read(R"({"from": 3, "to": 3, "step": 1})") == "[3]");
    CHECK(read(R"({"from": -1, "to": 1, "step": 1})") == "[-1,0,1]");
    CHECK(read(R"({"from": 0.5, "to": 0.8, "step": 0.1})") == "[0.5,0.6,0.7,0.8]");
    CHECK(read(R"({"from": "64KiB", "to": "128KiB", "step": "32KiB"})") == R"(["64KiB","96KiB","128KiB"])");
    CHECK(read(R"({"from": "12.8GB/s", "to": "25.6GB/s", "step": "6.4GB/s"})") ==
          R"(["12.8GB/s","19.2GB/s","25.6GB/s"])");
}

TEST_CASE("Powers of two double from the first to the last") {
    CHECK(read(R"({"powers_of_two": [1, 64]})") == "[1,2,4,8,16,32,64]");
    CHECK(read(R"({"powers_of_two": [2, 12]})") == "[2,4,8]");
    CHECK(read(R"({"powers_of_two": [0.25, 1]})") == "[0.25,0.5,1]");
    CHECK(read(R"({"powers_of_two": ["64KiB", "256KiB"]})") == R"(["64KiB","128KiB","256KiB"])");
}

TEST_CASE("Values that cannot be are refused where they stand") {
    CHECK(read("[]") == "/: must hold at least one value\n");
    CHECK(read("3").find("/: must be an array, {\"from\", \"to\", \"step\"}") == 0);
    CHECK(read(R"({"from": 1, "to": 4})").find("/: key 'step' is missing") == 0);
    CHECK(read(R"({"from": 1, "to": 4, "step": 0})") == "/step: must be above 0\n");
    CHECK(read(R"({"from": 4, "to": 1, "step": 1})") == "/to: is less than the other end\n");
    CHECK(read(R"({"from": 1, "to": 4, "step": 1, "by": 2})").find("/by: unknown key 'by'") == 0);
    CHECK(read(R"({"from": "1KiB", "to": "4MiB", "step": "1KiB"})") ==
          "/to: must have the unit of the other end, 'KiB'\n");
    CHECK(read(R"({"from": "1KiB", "to": "4KiB", "step": 1})") == "/step: must have the unit of the ends, 'KiB'\n");
    CHECK(read(R"({"from": "small", "to": 4, "step": 1})").find("/from: must be a number") == 0);
    CHECK(read(R"({"from": 0, "to": 1, "step": 1e-9})") == "/step: makes more than 100000 values\n");
    CHECK(read(R"({"powers_of_two": [3, 12]})") == "/powers_of_two/0: must be a power of two\n");
    CHECK(read(R"({"powers_of_two": [0, 12]})") == "/powers_of_two/0: must be a power of two\n");
    CHECK(read(R"({"powers_of_two": [4]})") == "/powers_of_two: must be [first, last]\n");
}
