// What a chip may be short of other than state buffer: typed, never an exception.
#include <catch2/catch.hpp>

#include <functional>

#include "base/problems.hpp"
#include "compiler/compile.hpp"
#include "graph/json_form.hpp"
#include "hw/load.hpp"
#include "support/source_folder.hpp"
#include "support/verified.hpp"

using namespace infsim;
using namespace infsim::compiler;

namespace {

CompileResult compile_on(const std::string& model, int batch, const std::function<void(hw::ChipSpec&)>& change,
                         const CompileOptions& options = {}, bool explain = false) {
    Problems problems;
    hw::ChipSpec chip = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems)->spec;
    change(chip);
    return compile(graph::load_model(model, source_folder("/models")), chip, batch, DType::fp16, DType::fp16, options,
                   test::verified(explain));
}

DoesNotFit refusal_on(const std::string& model, int batch, const std::function<void(hw::ChipSpec&)>& change,
                      const CompileOptions& options = {}, bool explain = false) {
    auto result = compile_on(model, batch, change, options, explain);
    REQUIRE(std::holds_alternative<DoesNotFit>(result));
    return std::get<DoesNotFit>(result);
}

}  // namespace

TEST_CASE("more queues than semaphores do not fit") {
    const DoesNotFit no = refusal_on("three_layers", 1, [](hw::ChipSpec& c) { c.sync.max_queues = 14; });
    CHECK(no.resource == resource::semaphores);
    CHECK(no.wanted_bytes == 15);  // PE, ACT, POOL and four rings on each of three engines
    CHECK(no.available_bytes == 14);
    CHECK(std::holds_alternative<Compiled>(
        compile_on("three_layers", 1, [](hw::ChipSpec& c) { c.sync.max_queues = 15; })));
}

TEST_CASE("a transpose that does not fit a PSUM bank is short of PSUM, and smaller tiles are not") {
    const auto small_banks = [](hw::ChipSpec& c) {
        c.pe.max_moving = 32;
        c.psum.bank_bytes = Bytes{128};
    };
    const DoesNotFit no = refusal_on("attention_block", 2, small_banks);
    CHECK(no.resource == resource::psum);
    CHECK(no.available_bytes == 128);
    CHECK(no.wanted_bytes > 128);
    CHECK_FALSE(no.layer.empty());
    CHECK(no.text.find("layer " + no.layer + " needs") == 0);
    CHECK(std::holds_alternative<Compiled>(compile_on("three_layers", 2, small_banks)));
}

TEST_CASE("device DRAM holds a core's own copy of instructions, weights and data") {
    CompileOptions one_region;  // all of it in one, so that one sum says what is needed
    one_region.weight_regions = 1;
    const auto compiled = std::get<Compiled>(compile_on(
        "three_layers", 4, [](hw::ChipSpec&) {}, one_region));
    std::int64_t bytes =
        static_cast<std::int64_t>(program::instruction_count(compiled.program)) * program::kInstructionBytes;
    for (const auto& s : compiled.program.segments) {
        const bool host = s.purpose == program::Purpose::input || s.purpose == program::Purpose::output;
        bytes += (s.bytes * (host ? 2 : 1) + 63) / 64 * 64;
    }
    const auto with = [](std::int64_t region) {
        return [region](hw::ChipSpec& c) { c.dram.capacity = Bytes{region * c.dram.channels * c.cores}; };
    };
    CHECK(std::holds_alternative<Compiled>(compile_on("three_layers", 4, with(bytes), one_region)));
    const DoesNotFit no = refusal_on("three_layers", 4, with(bytes - 1), one_region);
    CHECK(no.resource == resource::device_dram);
    CHECK(no.unit == "B");
    CHECK(no.wanted_bytes == bytes);
    CHECK(no.available_bytes == bytes - 1);
    REQUIRE_FALSE(no.tensors.empty());
    std::int64_t listed = 0;
    for (const LiveTensor& t : no.tensors) listed += t.bytes;
    CHECK(listed <= bytes);
    CHECK(listed > bytes - 64 * static_cast<std::int64_t>(compiled.program.segments.size()));
    // Fewer cores share the DRAM in larger parts.
    CHECK(std::holds_alternative<Compiled>(compile_on(
        "three_layers", 4,
        [&](hw::ChipSpec& c) {
            with(bytes - 1)(c);
            c.cores = 2;
        },
        one_region)));
}

TEST_CASE("more instructions than a core's DRAM region holds are counted as such") {
    const auto tiny_tiles = [](std::int64_t region) {
        return [region](hw::ChipSpec& c) {
            c.pe.max_moving = 1;
            c.psum.bank_bytes = Bytes{8};
            c.dram.capacity = Bytes{region * c.dram.channels * c.cores};
        };
    };
    const auto count = static_cast<std::int64_t>(program::instruction_count(
        std::get<Compiled>(compile_on("three_layers", 2, tiny_tiles(std::int64_t{1} << 30))).program));
    const DoesNotFit no = refusal_on("three_layers", 2, tiny_tiles(count * program::kInstructionBytes - 1));
    CHECK(no.resource == resource::instruction_count);
    CHECK(no.wanted_bytes == count);
    CHECK(no.available_bytes == count - 1);
    // One byte more and it is the data that find no room.
    CHECK(refusal_on("three_layers", 2, tiny_tiles(count * program::kInstructionBytes)).resource ==
          resource::device_dram);
}

TEST_CASE("a refusal for want of state buffer says what binds, when, and who lives from where to where") {
    CompileOptions resident;
    resident.spill = false;
    const DoesNotFit no = refusal_on(
        "resnet50-v1", 6, [](hw::ChipSpec&) {}, resident, true);
    CHECK(no.unit == "B/partition");
    CHECK(no.binding == "state buffer");
    REQUIRE(no.instant);
    CHECK(*no.instant < *no.instants);
    REQUIRE(no.lower_bound_bytes);
    REQUIRE(no.allocator_bytes);
    CHECK(*no.lower_bound_bytes >= no.wanted_bytes);  // wanted counts activations alone
    CHECK(*no.allocator_bytes >= *no.lower_bound_bytes);
    // The allocator's result is the truth: with that much the batch compiles, with less than the bound nothing does.
    const auto with = [](std::int64_t bytes) {
        return [bytes](hw::ChipSpec& c) { c.state_buffer.partition_bytes = Bytes{bytes}; };
    };
    CHECK(std::holds_alternative<Compiled>(compile_on("resnet50-v1", 6, with(*no.allocator_bytes), resident)));
    for (const LiveTensor& t : no.tensors) {
        CHECK_FALSE(t.from_layer.empty());
        CHECK_FALSE(t.to_layer.empty());
    }
}
