#include <catch2/catch.hpp>

#include "base/problems.hpp"
#include "explore/layer_table.hpp"

using namespace infsim;
using namespace infsim::explore;

namespace {
std::string problem_of(const std::string& text) {
    try {
        parse_layers(text, "layers.csv");
    } catch (const InputError& e) {
        return e.what();
    }
    return "";
}
}  // namespace

TEST_CASE("layers are read by the names of their columns") {
    const auto rows = parse_layers(
        "end_ms,layer,bound,main_stall,start_ms,more\n2.5,\"a,b\",dram,weights,0.5,x\n3,c,pe,,2,\n", "layers.csv");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].layer == "a,b");
    CHECK(rows[0].bound == "dram");
    CHECK(rows[0].main_stall == "weights");
    CHECK(rows[0].start_ms == 0.5);
    CHECK(rows[1].end_ms == 3);
    CHECK(parse_layers("", "layers.csv").empty());
}

TEST_CASE("what no simulation wrote is refused with its place") {
    CHECK(problem_of("layer,bound,start_ms,end_ms\n") == "layers.csv: line 1: column 'main_stall' is missing");
    const std::string header = "layer,bound,main_stall,start_ms,end_ms\n";
    CHECK(problem_of(header + "a,pe,,0\n") == "layers.csv: line 2: has more or fewer cells than the header");
    CHECK(problem_of(header + "a,pe,,0,1\nb,pe,,x,1\n") == "layers.csv: line 3: start_ms and end_ms must be numbers");
}
