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

/// One value of 1,000 bytes an image, four images, of which two are in use at once.
DramNeeds turns_of(std::int64_t other_bytes) {
    DramNeeds needs = needs_of(0, {{Purpose::weights, other_bytes}, {Purpose::relayout, 4032}});
    needs.scratch = {{ValueId(7), 0, 1000, 4, 2, 4}};
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

TEST_CASE("scratch space has as many places as there is room for, and never fewer than are in use at once") {
    // 100 instructions are kept for waits.
    const auto region = with_region(100 * program::kInstructionBytes + 8000);
    const auto places = [&](std::int64_t other_bytes) {
        const DramNeeds fits = with_scratch_that_fits(turns_of(other_bytes), region);
        return std::make_pair(fits.scratch[0].places, fits.segments.at(0).at(Purpose::relayout));
    };
    CHECK(places(8000 - 4032) == std::make_pair(4, std::int64_t{4032}));
    CHECK(places(8000 - 4031) == std::make_pair(3, std::int64_t{3008}));
    CHECK(places(8000 - 3007) == std::make_pair(2, std::int64_t{2048}));
    CHECK(places(8000) == std::make_pair(2, std::int64_t{2048}));
}

TEST_CASE("where images take turns, space is kept for their waits") {
    CHECK(turn_waits(10, 3) == 20);  // for six rings, four waits an instruction
    CHECK(turn_waits(10, 2) == 10);
    DramNeeds needs = turns_of(0);
    needs.turn_waits = 7;
    CHECK(with_waits(needs).instructions == 100);
    CHECK(with_waits(with_scratch_for(needs, 3)).instructions == 107);
    const auto region = with_region(100 * program::kInstructionBytes + 4031);
    CHECK(with_scratch_that_fits(needs, region).scratch[0].places == 3);
    needs.turn_waits = 8 + 1;  // 1,024 bytes and one instruction
    CHECK(with_scratch_that_fits(needs, region).scratch[0].places == 2);
}

TEST_CASE("a value that needs more places than others keeps them") {
    DramNeeds needs = turns_of(0);
    needs.scratch.push_back({ValueId(9), 0, 64, 4, 3, 4});
    needs.segments[0][Purpose::relayout] += 4 * 64;
    const DramNeeds few = with_scratch_for(needs, 1);
    CHECK(few.scratch[0].places == 2);
    CHECK(few.scratch[1].places == 3);
    CHECK(few.segments.at(0).at(Purpose::relayout) == 2048 + 3 * 64);
    CHECK(with_scratch_for(few, 9) == needs);
}

TEST_CASE("a shortage is what is short with the fewest places, and says so") {
    CHECK_FALSE(dram_shortage(turns_of(8000 - 2048), with_region(8000)));
    const auto no = dram_shortage(turns_of(8000 - 2047), with_region(8000));
    REQUIRE(no);
    CHECK(no->wanted_bytes == 8001);
    CHECK(no->text.find("changes of layout of images in use at once 2048 B") != std::string::npos);
    CHECK(blames_the_compiler(*no));
}
