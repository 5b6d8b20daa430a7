// What a refusal for want of device DRAM says.
#include <catch2/catch.hpp>

#include "compiler/memory/dram.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;

namespace {

program::Target with_region(std::int64_t bytes) {
    program::Target target;
    target.dram_region_bytes = bytes;
    return target;
}

DramNeeds needs_of(std::int64_t instructions, std::map<Purpose, std::int64_t> bytes) {
    DramNeeds needs;
    needs.instructions = instructions;
    needs.segments[0] = std::move(bytes);
    return needs;
}

bool blames_the_compiler(const DoesNotFit& no) { return no.text.find("a limit of this compiler") != std::string::npos; }

}  // namespace

TEST_CASE("what fits is no shortage") {
    CHECK_FALSE(
        dram_shortage(needs_of(10, {{Purpose::weights, 1000}}), with_region(10 * program::kInstructionBytes + 1000)));
    CHECK(dram_shortage(needs_of(10, {{Purpose::weights, 1000}}), with_region(10 * program::kInstructionBytes + 999)));
}

TEST_CASE(
    "a network that would fit but for its instructions and changes of layout does not fit for the compiler's sake") {
    const auto region = with_region(4096);
    const auto network = dram_shortage(needs_of(1, {{Purpose::weights, 4097}}), region);
    REQUIRE(network);
    CHECK_FALSE(blames_the_compiler(*network));
    const auto instructions = dram_shortage(needs_of(10, {{Purpose::weights, 4096}}), region);
    REQUIRE(instructions);
    CHECK(blames_the_compiler(*instructions));
    const auto layouts = dram_shortage(needs_of(1, {{Purpose::weights, 3000}, {Purpose::relayout, 2000}}), region);
    REQUIRE(layouts);
    CHECK(blames_the_compiler(*layouts));
    const auto spilled = dram_shortage(needs_of(1, {{Purpose::weights, 3000}, {Purpose::spill, 2000}}), region);
    REQUIRE(spilled);
    CHECK_FALSE(blames_the_compiler(*spilled));
}

TEST_CASE("instructions that fill the region by themselves are the compiler's limit") {
    const auto no = dram_shortage(needs_of(1000, {}), with_region(1024));
    REQUIRE(no);
    CHECK(no->resource == resource::instruction_count);
    CHECK(blames_the_compiler(*no));
}
