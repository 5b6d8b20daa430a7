// Fitted values in a chip file.
#include <catch2/catch.hpp>

#include <string>

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
    json::Value chip = parsed(kChip);
    const auto entries = fitted_entries(two(), {0.8741, 327.4}, "a, b of t.csv");
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].first == "dram.model.efficiency");
    CHECK(entries[1].first == "pool.clock");
    chip.as_object().set("name", "mine");
    chip.as_object().find("dram")->as_object().find("model")->as_object().set("efficiency", entries[0].second);
    chip.as_object().find("pool")->as_object().set("clock", entries[1].second);
    CHECK(chip_text(chip) == R"({
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

TEST_CASE("a chip file reads back as it was, byte for byte") { CHECK(chip_text(parsed(kChip)) == kChip); }

TEST_CASE("constants that share a value each get it") {
    FreeConstants free = two();
    free.constants[1].keys = {"act.clock", "pool.clock"};
    const auto entries = fitted_entries(free, {0.8, 900}, "x");
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].second == entries[2].second);
}
