#include <catch2/catch.hpp>

#include "base/problems.hpp"
#include "chip/cyclic.hpp"
#include "chip/issue.hpp"
#include "chip/layout.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::chip;
using test::ProgramBuilder;
using B = ProgramBuilder;
using program::Engine;
using program::Purpose;

namespace {
TimePoint at(std::int64_t ps) { return TimePoint{Duration{ps}}; }
}  // namespace

TEST_CASE("a step holds until the last thing it waits for, and blames it") {
    const auto spec = test::round_chip();
    ProgramBuilder b(spec);
    const auto pe = b.queue(Engine::pe), act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    b.add(pe, B::matmul(64));
    b.add(act, B::act(64));
    b.add(pool, B::pool(64), {{pe, 1}, {act, 1}, {pe, 0}});
    const StepProgram steps = make_steps(spec, b.program());
    Retirements retirements;
    retirements.restart(steps, at(1000));
    const Step& step = steps.queues[pool].steps[0];
    CHECK_FALSE(retirements.known({pe, 1}));
    CHECK(retirements.known({pe, 0}));
    CHECK(retirements.last(pe) == at(1000));
    retirements.publish(pe, at(5000));
    retirements.publish(act, at(7000));
    CHECK(hold_of(retirements, steps.queues[pool], step).until == at(7000));
    CHECK(blamed(steps, hold_of(retirements, steps.queues[pool], step)) == observe::Stall::wait_act);
    retirements.restart(steps, at(9000));
    retirements.publish(pe, at(9500));
    retirements.publish(act, at(9500));
    CHECK(blamed(steps, hold_of(retirements, steps.queues[pool], step)) ==
          observe::Stall::wait_pe);  // the first of two that end together
}

TEST_CASE("transfers are blamed by what they move") {
    const auto spec = test::round_chip();
    ProgramBuilder b(spec);
    const auto ring = b.queue(Engine::dma, 2, 5);
    const std::pair<Purpose, observe::Stall> cases[] = {
        {Purpose::weights, observe::Stall::wait_weights}, {Purpose::constants, observe::Stall::wait_weights},
        {Purpose::input, observe::Stall::wait_input},     {Purpose::output, observe::Stall::wait_output},
        {Purpose::spill, observe::Stall::wait_dma_other}, {Purpose::relayout, observe::Stall::wait_dma_other}};
    for (const auto& [purpose, stall] : cases) b.add(ring, B::load(b.segment(purpose, 4096), 2, 64));
    b.add(ring, B::copy(1, 64));
    const auto steps = make_steps(spec, b.program());
    for (std::size_t i = 0; i < 6; ++i) CHECK(steps.queues[ring].steps[i].blames == cases[i].second);
    CHECK(steps.queues[ring].steps[6].blames == observe::Stall::wait_dma_other);
    CHECK(steps.queues[ring].transfers[1].address == 4096);
    CHECK(queue_name(steps, ring) == "queue 0 (dma engine 2 ring 5)");
    REQUIRE(steps.inputs.size() == 1);
    CHECK(steps.inputs[0].address == 2 * 4096);
    CHECK(steps.outputs[0].bytes == Bytes{4096});
}

TEST_CASE("region r of core c lies in channel (c + r) modulo the channels") {
    const auto spec = test::round_chip();
    const Layout layout(spec, 4);
    const std::int64_t region = std::int64_t{1} << 30;
    for (int core = 0; core < 4; ++core)
        for (int r = 0; r < 2; ++r) {
            CHECK(layout.channel_of(layout.address(core, r, 0)) == (core + r) % 2);
            CHECK(layout.channel_of(layout.address(core, r, region - 1)) == (core + r) % 2);
        }
    CHECK(layout.address(3, 0, 5) == (std::uint64_t{4} << 30) + (std::uint64_t{3} << 30) + 5);
}

TEST_CASE("flows and groups of the arbiter") {
    const auto spec = test::round_chip();
    const Layout layout(spec, 2);
    const ArbiterConfig config = layout.arbiter_config();
    CHECK(config.channels.size() == 2 + 2);
    CHECK(config.groups.size() == 2 + 2);
    CHECK(config.flows.size() == 2 * 3 + 2 * 2);
    CHECK(config.channels[0] == Bandwidth{20'000'000'000});
    CHECK(config.flows[static_cast<std::size_t>(layout.engine_flow(1, 2))].group == 1);
    CHECK(config.flows[static_cast<std::size_t>(layout.host_flow(1, true))].group == 2);
    CHECK(config.flows[static_cast<std::size_t>(layout.host_flow(1, false))].group == 3);
}

TEST_CASE("a Target that fits is accepted, every capacity that does not is named") {
    const auto spec = test::round_chip();
    ProgramBuilder b(spec);
    CHECK_NOTHROW(check_target(spec, b.program()));
    auto program = b.program();
    auto& t = program.target;
    for (int* n : {&t.pe_rows, &t.pe_columns, &t.max_moving, &t.sb_partitions, &t.psum_partitions, &t.psum_banks,
                   &t.dma_engines, &t.rings_per_engine, &t.max_queues, &t.dram_regions})
        ++*n;
    for (std::int64_t* n : {&t.sb_partition_bytes, &t.psum_bank_bytes, &t.dram_region_bytes}) ++*n;
    try {
        check_target(spec, program);
        FAIL("it was accepted");
    } catch (const InputError& e) {
        CHECK(e.problems().size() == 13);
        CHECK(e.problems()[0].file == "built");
    }
}

TEST_CASE("round robin on bit sets goes around") {
    CHECK(next_behind(0b1011, 0) == 1);
    CHECK(next_behind(0b1011, 1) == 3);
    CHECK(next_behind(0b1011, 3) == 0);
    CHECK(next_behind(std::uint64_t{1} << 63, 63) == 63);
    std::vector<std::uint64_t> words(2);
    for (int i : {0, 5, 63, 64, 100}) set_bit(words, i);
    const auto order = [&](int last) {
        std::vector<int> seen;
        for_each_behind(words, last, [&](std::int32_t i) { return seen.push_back(i), true; });
        return seen;
    };
    CHECK(order(127) == std::vector<int>{0, 5, 63, 64, 100});
    CHECK(order(5) == std::vector<int>{63, 64, 100, 0, 5});
    CHECK(order(63) == std::vector<int>{64, 100, 0, 5, 63});
    CHECK(order(99) == std::vector<int>{100, 0, 5, 63, 64});
    for (int i : {0, 5, 63, 64, 100}) clear_bit(words, i);
    CHECK(empty(words));
}
