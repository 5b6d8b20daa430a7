// Fitted values in a chip file.
#include <catch2/catch.hpp>

#include <string>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "calibration/chip_text.hpp"

using namespace infsim;
using namespace infsim::calibration;

namespace {

const char* const kChip = R"({
  "name": "old",
  "cores": {"value": 4, "grade": "DOC", "source": "four"},
  "dram": {
    "model": {
      "kind": "bandwidth",
      "efficiency": {"value": 0.8, "grade": "UNK", "source": "a guess"}
    }
  },
  "pool": {
    "clock": {"value": "900MHz", "grade": "UNK", "source": "a guess"}
  }
}
)";

FreeConstants two() {
    FreeConstants free;
    free.constants = {{{"dram.model.efficiency"}, "", 0.8, 0.1, 0.5, 1, 0.001, "share of the peak"},
                      {{"pool.clock"}, "MHz", 900, 0.1, 100, 1000, 1, "rate"}};
    return free;
}

json::Value parsed(const std::string& text) {
    Problems problems;
    const auto document = json::parse_text(text, "chip", problems);
    problems.throw_if_any();
    return document->root;
}

}  // namespace

TEST_CASE("fitted values, their grade and what they were fitted to replace what was there") {
    const std::string text = chip_text(parsed(kChip), "mine", two(), {0.8741, 327.4}, "a, b of t.csv");
    CHECK(text == R"({
  "name": "mine",
  "cores": {"value": 4, "grade": "DOC", "source": "four"},
  "dram": {
    "model": {
      "kind": "bandwidth",
      "efficiency": {"value": 0.874, "grade": "UNK, fitted", "source": "share of the peak; fitted to a, b of t.csv"}
    }
  },
  "pool": {
    "clock": {"value": "327MHz", "grade": "UNK, fitted", "source": "rate; fitted to a, b of t.csv"}
  }
}
)");
}

TEST_CASE("a key that the chip lacks is a bug of the caller") {
    FreeConstants free = two();
    free.constants[0].keys = {"dram.model.speed"};
    CHECK_THROWS_AS(chip_text(parsed(kChip), "mine", free, {0.8, 900}, "x"), InternalError);
}
