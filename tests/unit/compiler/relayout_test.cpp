#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "compiler/compile.hpp"
#include "hw/load.hpp"
#include "program/text.hpp"
#include "program/verify.hpp"
#include "support/graphs.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::compiler;
using program::Purpose;
using test::Net;
using test::Window;

namespace {

/// Rows that become channels: what partitions hold changes, so that the tensor goes to device DRAM and comes back.
/// Before it two branches that are alive at once.
Compiled turned(const CompileOptions& options) {
    Problems problems;
    const auto loaded = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
    problems.throw_if_any();
    Net net;
    const auto x = net.conv(net.input({1, 16, 16, 16}), 16, Window::square(3, 1, 1));
    const auto y = net.conv(net.relu(net.conv(x, 16, Window::square(3, 1, 1))), 16, Window::square(3, 1, 1));
    const auto z = net.conv(net.reshape(net.add(x, y), {1, 32, 8, 16}), 8, Window::square(1));
    return std::get<Compiled>(
        compile(net.finish({z}), loaded->spec, 2, DType::fp16, DType::fp16, options, CompileExtras{}));
}

std::int64_t bytes_of(const program::Program& program, Purpose purpose) {
    std::int64_t bytes = 0;
    for (const program::Segment& s : program.segments) bytes += s.purpose == purpose ? s.bytes : 0;
    return bytes;
}

}  // namespace

TEST_CASE("a change of layout by way of device DRAM is a relayout and no spill") {
    CompileOptions options;
    options.spill = false;
    const Compiled c = turned(options);
    constexpr std::int64_t kBytes = 2 * 16 * 16 * 16 * 2;  // items, elements, fp16
    CHECK(c.memory.spill_save_bytes == 0);
    CHECK(c.memory.spill_reload_bytes == 0);
    CHECK(c.memory.relayout_write_bytes == kBytes);
    CHECK(c.memory.relayout_read_bytes == kBytes);
    CHECK(bytes_of(c.program, Purpose::spill) == 0);
    CHECK(bytes_of(c.program, Purpose::relayout) == kBytes);
}

TEST_CASE("what leaves for want of space is a spill beside the relayout") {
    CompileOptions options;
    options.state_buffer_budget = 1200;
    options.recompute = false;
    const Compiled c = turned(options);
    CHECK(c.memory.spill_save_bytes > 0);
    CHECK(c.memory.relayout_write_bytes > 0);
    CHECK(bytes_of(c.program, Purpose::spill) > 0);
}

TEST_CASE("the text form keeps the purpose of a relayout, and verify holds it to what scratch memory may do") {
    Compiled c = turned({});
    std::stringstream text;
    program::write_text(c.program, text);
    const program::Program again = program::read_text(text, "program");
    CHECK(bytes_of(again, Purpose::relayout) == bytes_of(c.program, Purpose::relayout));
    CHECK(text.str().find("purpose=relayout") != std::string::npos);
    CHECK(program::verify(c.program).empty());
    for (program::Segment& s : c.program.segments)
        if (s.purpose == Purpose::relayout) s.purpose = Purpose::constants;  // which Programs do not write
    CHECK_FALSE(program::verify(c.program).empty());
}
