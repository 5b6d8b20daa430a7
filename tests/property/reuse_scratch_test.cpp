// Changes of layout through a device DRAM that cannot hold those of all images: later images take the places of earlier
// ones, with the same numbers.
#include <set>
#include <sstream>

#include "checks.hpp"
#include "compiler/memory/dram.hpp"
#include "program/text.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;
using compiler::DoesNotFit;

namespace {

constexpr int kBatch = 6;

/// Rows become channels, twice: right after they were made, and with a convolution of all images in between.
graph::Graph network() {
    Net net("turns");
    const auto x = net.relu(net.conv(net.input({1, 16, 16, 16}), 16, Window::square(3, 1, 1)));
    const auto y = net.reshape(x, {1, 32, 8, 16});
    const auto z =
        net.conv(net.reshape(net.add(x, net.conv(x, 16, Window::square(1))), {1, 32, 8, 16}), 32, Window::square(1));
    return net.finish({net.conv(net.add(y, z), 8, Window::square(1))});
}

hw::ChipSpec with_region(std::int64_t bytes) {
    hw::ChipSpec chip = default_chip();
    chip.dram.capacity = Bytes{bytes * chip.dram.channels * chip.cores};
    return chip;
}

std::int64_t scratch_bytes(const program::Program& program) {
    std::int64_t bytes = 0;
    for (const program::Segment& s : program.segments)
        if (s.purpose == program::Purpose::relayout) bytes += s.bytes;
    return bytes;
}

/// Bytes that the fullest region needs.
std::int64_t region_bytes(const program::Program& program) {
    compiler::DramNeeds needs = compiler::dram_needs(program.segments, program::instruction_count(program));
    return needs.bytes(0);
}

CompileOptions reusing(CompileOptions options = {}) {
    options.reuse_scratch = true;
    options.weight_regions = 1;
    return options;
}

std::variant<compiler::Compiled, DoesNotFit> compiled(std::int64_t region, const CompileOptions& options) {
    return compiler::compile(network(), with_region(region), kBatch, DType::fp32, DType::fp32, options, verified());
}

}  // namespace

TEST_CASE("images take turns in scratch space where there is none for all, and compute the same") {
    const Data data = make_data(network(), kBatch, 5, Numbers::small_integers);
    CompileOptions apart = reusing();
    apart.reuse_scratch = false;
    const auto whole = std::get<compiler::Compiled>(compiled(1 << 30, apart));
    const Outputs right = run(network(), whole.program, data);
    const std::int64_t all = region_bytes(whole.program), image = scratch_bytes(whole.program) / kBatch;
    std::set<std::int64_t> sizes;
    int refused = 0;
    for (int step = 0; step <= 12; ++step) {
        const std::int64_t region = all - step * image / 2;
        INFO(region << " of " << all << " bytes");
        auto result = compiled(region, reusing());
        const auto why =
            compiler::refusal_of(network(), with_region(region), kBatch, DType::fp32, DType::fp32, reusing());
        if (const auto* no = std::get_if<DoesNotFit>(&result)) {
            CHECK((why ? why->text : "fits") == no->text);
            CHECK(no->wanted_bytes > no->available_bytes);
            ++refused;
            continue;
        }
        CHECK_FALSE(why);
        CHECK(refused == 0);
        const auto& made = std::get<compiler::Compiled>(result);
        CHECK(complaints(made.program) == "");
        CHECK(difference(run(network(), made.program, data), right) == 0);
        CHECK(made.memory.relayout_write_bytes == whole.memory.relayout_write_bytes);
        sizes.insert(scratch_bytes(made.program));
    }
    CHECK(sizes.size() > 3);
    CHECK(refused > 0);
    CHECK(std::holds_alternative<DoesNotFit>(compiled(all - 1, apart)));
}

TEST_CASE("a store waits until the image before has been read from its place") {
    const auto whole = std::get<compiler::Compiled>(compiled(1 << 30, reusing()));
    const std::int64_t image = scratch_bytes(whole.program) / kBatch;
    auto made = std::get<compiler::Compiled>(compiled(region_bytes(whole.program) - image, reusing()));
    CHECK(program::find_races(made.program).empty());
    for (program::Queue& queue : made.program.queues)
        for (program::Instruction& in : queue.instructions)
            if (std::holds_alternative<program::DmaStore>(in.op)) in.waits = {};
    const auto races = program::find_races(made.program, 1000);
    CHECK(std::any_of(races.begin(), races.end(), [&](const program::Race& race) {
        return race.dram && race.kind == program::Race::Kind::read_write &&
               made.program.segments[race.place].purpose == program::Purpose::relayout;
    }));
}

TEST_CASE("where there is scratch space for all images, the option changes nothing") {
    CompileOptions apart = reusing();
    apart.reuse_scratch = false;
    const auto with = std::get<compiler::Compiled>(compiled(1 << 30, reusing()));
    const auto without = std::get<compiler::Compiled>(compiled(1 << 30, apart));
    std::stringstream a, b;
    program::write_text(with.program, a);
    program::write_text(without.program, b);
    CHECK(a.str() == b.str());
}

TEST_CASE("passes over a batch whose changes of layout do not fit together compute what the whole batch does") {
    const Data data = make_data(network(), kBatch, 5, Numbers::small_integers);
    const auto whole = std::get<compiler::Compiled>(compiled(1 << 30, reusing()));
    const Outputs right = run(network(), whole.program, data);
    CompileOptions passes = reusing(compiler::default_options());
    passes.state_buffer_budget = whole.memory.lower_bound_bytes / 3;
    const auto large = std::get<compiler::Compiled>(compiled(1 << 30, passes));
    const std::int64_t image = scratch_bytes(large.program) / kBatch;
    const auto small = compiled(region_bytes(large.program) - 2 * image, passes);
    REQUIRE(std::holds_alternative<compiler::Compiled>(small));
    const auto& made = std::get<compiler::Compiled>(small);
    CHECK(scratch_bytes(made.program) < scratch_bytes(large.program));
    CHECK(complaints(made.program) == "");
    CHECK(difference(run(network(), made.program, data), right) == 0);
}

TEST_CASE("the quick answer whether something fits is that of a compilation, whatever fills device DRAM") {
    CompileOptions plain = reusing(), searching = reusing(compiler::default_options());
    const auto whole = std::get<compiler::Compiled>(compiled(1 << 30, plain));
    plain.state_buffer_budget = searching.state_buffer_budget = whole.memory.lower_bound_bytes / 2;
    int fit = 0, refused = 0;
    for (const CompileOptions& options : {plain, searching}) {
        const auto large = std::get<compiler::Compiled>(compiled(1 << 30, options));
        const std::int64_t all = region_bytes(large.program), image = scratch_bytes(large.program) / kBatch;
        for (int step = 0; step <= 16; ++step) {
            const std::int64_t region = all - step * image / 3;
            INFO(options.name << ", " << region << " of " << all << " bytes");
            const auto result = compiled(region, options);
            const auto* no = std::get_if<DoesNotFit>(&result);
            const auto why =
                compiler::refusal_of(network(), with_region(region), kBatch, DType::fp32, DType::fp32, options);
            CHECK((why ? why->text : "fits") == (no ? no->text : "fits"));
            (no ? refused : fit) += 1;
        }
    }
    CHECK(fit > 4);
    CHECK(refused > 2);
}
