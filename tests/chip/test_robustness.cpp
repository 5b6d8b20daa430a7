// What is refused, what is reported, and that nothing hangs.
#include <catch2/catch.hpp>

#include <map>

#include "base/check.hpp"
#include "base/problems.hpp"
#include "chip/chip.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using Catch::Matchers::Contains;
using test::ProgramBuilder;
using B = ProgramBuilder;
using program::Engine;
using program::Purpose;

namespace {

struct Throwing final : observe::Observer {
    void on(const observe::Retired&) override { throw std::runtime_error("the observer has had enough"); }
};

/// Per queue and inference: Issued and Blocked must follow one another without gap or overlap.
struct Tiling final : observe::Observer {
    std::map<std::tuple<int, int, std::uint64_t>, TimePoint> cursor;
    std::map<std::pair<int, std::uint64_t>, TimePoint> start, last;
    std::map<observe::Stall, Duration> blocked;
    int events = 0;

    void next(const observe::InstructionRef& who, TimePoint from, TimePoint until) {
        ++events;
        auto [at, fresh] =
            cursor.try_emplace({who.core, who.queue, who.inference}, start.at({who.core, who.inference}));
        REQUIRE(at->second == from);
        REQUIRE(until >= from);
        at->second = until;
    }
    void on(const observe::Issued& e) override { next(e.who, e.at, e.busy_until); }
    void on(const observe::Blocked& e) override {
        next(e.who, e.from, e.until);
        blocked[e.why] += e.until - e.from;
    }
    void on(const observe::InferenceEvent& e) override {
        if (e.phase == observe::InferencePhase::first_issue) start[{e.core, e.inference}] = e.at;
        if (e.phase == observe::InferencePhase::last_retirement) last[{e.core, e.inference}] = e.at;
    }
};

/// Counts what comes and needs retirements and transfers of the second inference alone.
struct Choosy final : observe::Observer {
    int issued = 0, blocked = 0, retired = 0, transferred = 0;

    observe::Attention attention(std::uint16_t, std::uint64_t inference) const override {
        return {false, false, inference == 1, inference == 1};
    }
    void on(const observe::Issued&) override { ++issued; }
    void on(const observe::Blocked&) override { ++blocked; }
    void on(const observe::Retired& e) override {
        ++retired;
        CHECK(e.who.inference == 1);
    }
    void on(const observe::Transferred&) override { ++transferred; }
};

void run(chip::Chip& chip, const ProgramBuilder& b) {
    chip.load(0, b.share());
    chip.submit(0, time_origin());
    chip.advance_until(time_origin() + microseconds(1'000'000));
}

}  // namespace

TEST_CASE("a program for a larger chip is refused with every capacity that is missing") {
    auto large = test::round_chip();
    large.state_buffer.partition_bytes = Bytes{1 << 20};
    large.pe.rows = 256;
    chip::Chip chip(test::round_chip(), 1, {});
    try {
        chip.load(0, ProgramBuilder(large).share());
        FAIL("it was loaded");
    } catch (const InputError& e) {
        REQUIRE(e.problems().size() == 2);
        CHECK(e.problems()[0].where == "target/pe_rows");
        CHECK(e.problems()[1].where == "target/sb_partition_bytes");
        CHECK_THAT(e.what(), Contains("98304"));
    }
}

TEST_CASE("a number of cores that the chip lacks is refused") {
    CHECK_THROWS_AS(chip::Chip(test::round_chip(), 0, {}), InputError);
    CHECK_THROWS_AS(chip::Chip(test::round_chip(), 5, {}), InputError);
}

TEST_CASE("a wait that is never satisfied is reported with queue and instruction") {
    ProgramBuilder b(test::round_chip());
    const auto pe = b.queue(Engine::pe), act = b.queue(Engine::act);
    b.add(pe, B::matmul(64));
    b.add(act, B::act(64));
    b.add(act, B::act(64), {{pe, 2}});
    chip::Chip chip(test::round_chip(), 1, {});
    CHECK_THROWS_WITH(run(chip, b),
                      Contains("queue 1 (act) instruction 1 waits for 2 retirements of queue 0, which has 1"));
}

TEST_CASE("rings and engines that wait for each other are reported") {
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    const auto ring = b.queue(Engine::dma, 1, 3), act = b.queue(Engine::act);
    b.add(ring, B::load(weights, 128, 1024), {{act, 1}});
    b.add(act, B::act(64), {{ring, 1}});
    chip::Chip chip(test::round_chip(), 1, {});
    CHECK_THROWS_WITH(run(chip, b), Contains("queue 0 (dma engine 1 ring 3) instruction 0") &&
                                        Contains("queue 1 (act) instruction 0"));
}

TEST_CASE("an exception of an observer reaches the caller, and again at every later call") {
    Throwing observer;
    ProgramBuilder b(test::round_chip());
    b.add(b.queue(Engine::act), B::act(64));
    chip::Chip chip(test::round_chip(), 1, {&observer});
    CHECK_THROWS_WITH(run(chip, b), "the observer has had enough");
    CHECK_THROWS_WITH(chip.advance_until(time_origin() + microseconds(2'000'000)), "the observer has had enough");
}

TEST_CASE("an observer hears what it needs of the inferences it needs") {
    Choosy choosy;
    Tiling all;
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    const auto ring = b.queue(Engine::dma), act = b.queue(Engine::act);
    b.add(ring, B::load(weights, 128, 1024));
    b.add(act, B::act(64), {{ring, 1}});
    chip::Chip chip(test::round_chip(), 1, {&choosy, &all});
    chip.load(0, b.share());
    for (int n = 0; n < 3; ++n) chip.submit(0, time_origin());
    chip.advance_until(time_origin() + microseconds(1'000'000));
    CHECK(choosy.issued + choosy.blocked == 0);
    CHECK(choosy.retired == 2);
    CHECK(choosy.transferred == 1);
    CHECK(all.events == 3 * 3);  // two issues, one wait
}

TEST_CASE("programs that no chip could run are internal errors") {
    chip::Chip chip(test::round_chip(), 1, {});
    ProgramBuilder waits(test::round_chip());
    waits.add(waits.queue(Engine::act), B::act(64), {{7, 1}});
    CHECK_THROWS_AS(chip.load(0, waits.share()), InternalError);
    ProgramBuilder engine(test::round_chip());
    engine.add(engine.queue(Engine::act), B::matmul(64));
    CHECK_THROWS_AS(chip.load(0, engine.share()), InternalError);
    ProgramBuilder twice(test::round_chip());
    twice.queue(Engine::act);
    twice.queue(Engine::act);
    CHECK_THROWS_AS(chip.load(0, twice.share()), InternalError);
    ProgramBuilder region(test::round_chip());
    region.segment(Purpose::input, 100, 2);
    CHECK_THROWS_AS(chip.load(0, region.share()), InternalError);
    CHECK_THROWS_AS(chip.submit(0, time_origin()), InternalError);  // nothing is loaded
    CHECK_THROWS_AS(chip.load(1, region.share()), InternalError);   // switched off
}

TEST_CASE("a second chip in one process is an internal error") {
    chip::Chip first(test::round_chip(), 1, {});
    CHECK_THROWS_AS(chip::Chip(test::round_chip(), 1, {}), InternalError);
}

TEST_CASE("an idle core takes another program") {
    ProgramBuilder small(test::round_chip()), large(test::round_chip());
    small.add(small.queue(Engine::act), B::act(100));
    const auto weights = large.segment(Purpose::weights, 1 << 20);
    large.add(large.queue(Engine::dma), B::load(weights, 128, 1024));
    large.add(large.queue(Engine::act), B::act(100), {{0, 1}});
    chip::Chip chip(test::round_chip(), 1, {});
    Duration services[3];
    int n = 0;
    for (const auto* b : {&small, &large, &small}) {
        chip.load(0, b->share());
        chip.submit(0, chip.now());
        chip.advance_until(chip.now() + microseconds(1000));
        const auto done = chip.take_completions();
        REQUIRE(done.size() == 1);
        services[n++] = done[0].last_retirement - done[0].first_issue;
    }
    CHECK(services[0] == nanoseconds(200));
    CHECK(services[1] == picoseconds(256 * 51'200 + 1'150'000) + nanoseconds(200));
    CHECK(services[2] == services[0]);
}

TEST_CASE("a core with inferences outstanding takes no other program") {
    ProgramBuilder b(test::round_chip());
    b.add(b.queue(Engine::act), B::act(100));
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, b.share());
    chip.submit(0, time_origin());
    CHECK_THROWS_AS(chip.load(0, b.share()), InternalError);
}

TEST_CASE("busy and blocked times of every queue tile its inference") {
    Tiling tiling;
    const auto spec = test::round_chip();
    chip::Chip chip(spec, 2, {&tiling});
    for (int core = 0; core < 2; ++core) {
        chip.load(core, std::make_shared<const program::Program>(
                            test::random_program(spec, 40 + static_cast<std::uint64_t>(core), 600)));
        for (int n = 0; n < 3; ++n) chip.submit(core, time_origin());
    }
    chip.advance_until(time_origin() + microseconds(1'000'000));
    REQUIRE(chip.take_completions().size() == 6);
    CHECK(tiling.events > 2 * 3 * 600);
    for (const auto& [who, end] : tiling.cursor) {
        const auto last = tiling.last.at({std::get<0>(who), std::get<2>(who)});
        REQUIRE(end <= last);
    }
}

TEST_CASE("a stall is blamed on the producer that came last") {
    Tiling tiling;
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20), input = b.segment(Purpose::input, 1 << 17, 1);
    const auto output = b.segment(Purpose::output, 1 << 17);
    const auto r0 = b.queue(Engine::dma, 0), r1 = b.queue(Engine::dma, 1), r2 = b.queue(Engine::dma, 2);
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    b.add(r0, B::load(weights, 128, 1024));
    b.add(r1, B::load(input, 64, 1024));
    b.add(act, B::act(64), {{r1, 1}});                   // 0: input
    b.add(act, B::act(64), {{r1, 1}, {r0, 1}});          // 1: weights, which take twice as long
    b.add(r2, B::store(output, 128, 1024), {{act, 2}});  // ACT
    b.add(pool, B::pool(64), {{act, 1}, {r2, 1}});       // output
    chip::Chip chip(test::round_chip(), 1, {&tiling});
    run(chip, b);
    // The weights start a burst every 51,200 ps on their engine; so do the inputs on theirs, half of that later because
    // the core's ceiling lets one of the two go first.
    const Duration input_there = picoseconds(25'600 + 128 * 51'200 + 1'150'000),
                   act_done = input_there + nanoseconds(64);
    const Duration weights_there = picoseconds(256 * 51'200 + 1'150'000);
    CHECK(tiling.blocked[observe::Stall::wait_input] == input_there);
    CHECK(tiling.blocked[observe::Stall::wait_weights] == weights_there - act_done);
    CHECK(tiling.blocked[observe::Stall::wait_act] == weights_there + nanoseconds(64 + 100));
    CHECK(tiling.blocked[observe::Stall::wait_output] ==
          weights_there + nanoseconds(164) + picoseconds(256 * 51'200 + 1'150'000));
}
