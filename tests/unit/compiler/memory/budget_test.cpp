#include <catch2/catch.hpp>

#include "compiler/memory/budget.hpp"

using namespace infsim::compiler;

TEST_CASE("the smallest of chip, sb_size and budget binds and is named") {
    infsim::program::Target target;
    target.sb_partition_bytes = 98304;
    CompileOptions options;
    const auto is = [&](std::int64_t bytes, const char* binding) {
        const Budget b = budget_of(options, target);
        CHECK(b.bytes == bytes);
        CHECK(b.binding == binding);
    };
    is(98304, "state buffer");
    options.sb_size = 70;
    is(71680, "sb_size");
    CHECK(binding_note(budget_of(options, target), target) == " by sb_size, of 98304 on the chip");
    options.sb_size = 96;  // equal: the chip's own size is the honest reason
    is(98304, "state buffer");
    CHECK(binding_note(budget_of(options, target), target).empty());
    options.sb_size = 110;
    is(98304, "state buffer");
    options.state_buffer_budget = 4099;
    is(4096, "state_buffer_budget");
    options.sb_size = 3;
    is(3072, "sb_size");
    options.sb_size_unit = 512;
    is(1536, "sb_size");
}
