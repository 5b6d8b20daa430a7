// Times worked out by hand on the chip of program_builder.hpp: not there a picosecond before, there at the moment.
#include <catch2/catch.hpp>

#include "chip/chip.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using test::ProgramBuilder;
using B = ProgramBuilder;
using program::Engine;
using program::Purpose;

namespace {

constexpr Duration kHost = microseconds(2);            // host transfer latency; no bytes behind it
constexpr Duration kLoad = picoseconds(256 * 51'200);  // 128 x 1,024 B through one engine
constexpr Duration kAround = picoseconds(1'150'000);   // DMA start, DRAM, completion

TimePoint at(Duration d) { return time_origin() + d; }

/// Runs one inference per program, submitted at 0, each on its core; `output_done` must be exactly that of the last.
std::vector<chip::Completion> run_to(chip::Chip& chip, TimePoint output_done, std::size_t expected = 1) {
    chip.advance_until(output_done - picoseconds(1));
    auto early = chip.take_completions();
    CHECK(early.size() < expected);
    chip.advance_until(output_done);
    auto rest = chip.take_completions();
    early.insert(early.end(), rest.begin(), rest.end());
    REQUIRE(early.size() == expected);
    CHECK(early.back().output_done == output_done);
    return early;
}

/// One core, one inference submitted at 0 whose execution takes `service`.
void check_service(const ProgramBuilder& b, Duration service, const hw::ChipSpec& spec = test::round_chip()) {
    chip::Chip chip(spec, 1, {});
    chip.load(0, b.share());
    chip.submit(0, time_origin());
    const auto done = run_to(chip, at(kHost + service + kHost));
    CHECK(done[0].input_ready == at(kHost));
    CHECK(done[0].first_issue == at(kHost));
    CHECK(done[0].last_retirement == at(kHost + service));
}

/// A load of 128 x 1,024 bytes on each of `engines` engines, data in `region`.
ProgramBuilder loads(int engines, int region) {
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20, region);
    for (int e = 0; e < engines; ++e) b.add(b.queue(Engine::dma, e), B::load(weights, 128, 1024));
    return b;
}

void check_two_cores(int region_of_0, int region_of_1, Duration last_byte) {
    chip::Chip chip(test::round_chip(), 2, {});
    chip.load(0, loads(2, region_of_0).share());
    chip.load(1, loads(2, region_of_1).share());
    for (int core = 0; core < 2; ++core) chip.submit(core, time_origin());
    run_to(chip, at(kHost + last_byte + kAround + kHost), 2);
}

}  // namespace

TEST_CASE("one activation retires after occupancy and latency") {
    ProgramBuilder b(test::round_chip());
    b.add(b.queue(Engine::act), B::act(100));
    check_service(b, nanoseconds(100 + 100));
}

TEST_CASE("a load from an idle DDR4 channel takes its unloaded latency") {
    hw::ChipSpec spec = test::ddr4_chip();
    spec.dma.rows = {{Bytes{64}, Bytes{64}}};  // so that the engine is not what takes longest
    ProgramBuilder b(spec);
    b.add(b.queue(Engine::dma), B::load(b.segment(Purpose::weights, 1 << 20), 1, 64));
    // DMA start, activate to read, read latency, data, DRAM and completion; it starts on a clock edge.
    check_service(b, nanoseconds(1000) + picoseconds((22 + 22 + 4) * 625) + nanoseconds(100) + nanoseconds(50), spec);
}

TEST_CASE("a load of rows in one DDR4 bank pays a row cycle for each") {
    hw::ChipSpec spec = test::ddr4_chip();
    spec.dma.rows = {{Bytes{64}, Bytes{64}}};
    ProgramBuilder b(spec);
    // 64 bytes from each of 8 partitions, whose data lie 128 KiB apart: the same bank, another row.
    program::DmaLoad load = B::load(b.segment(Purpose::weights, 1 << 20), 8, 64);
    load.src.partition_step = 1 << 17;
    b.add(b.queue(Engine::dma), load);
    const std::int64_t last = 22 + 7 * (52 + 22);  // row n+1 is activated tRAS + tRP behind row n
    check_service(b, nanoseconds(1000) + picoseconds((last + 22 + 4) * 625) + nanoseconds(100) + nanoseconds(50), spec);
}

TEST_CASE("independent instructions issue back to back") {
    ProgramBuilder b(test::round_chip());
    const auto act = b.queue(Engine::act);
    for (int i = 0; i < 3; ++i) b.add(act, B::act(300));
    check_service(b, nanoseconds(3 * 300 + 100));
}

TEST_CASE("a dependent instruction waits for the retirement of its producer") {
    ProgramBuilder b(test::round_chip());
    const auto pe = b.queue(Engine::pe), act = b.queue(Engine::act);
    b.add(pe, B::matmul(512));
    b.add(act, B::act(100), {{pe, 1}});
    check_service(b, nanoseconds(512 + 60 + 100 + 100));
}

TEST_CASE("a stationary load behind a matmul is partly hidden") {
    ProgramBuilder b(test::round_chip());
    const auto pe = b.queue(Engine::pe);
    b.add(pe, B::stationary());
    b.add(pe, B::matmul(512));
    b.add(pe, B::stationary());
    b.add(pe, B::matmul(10));  // the floor of 64 columns
    check_service(b, nanoseconds(128 + 512 + 32 + 64 + 60));
}

TEST_CASE("a shorter latency does not overtake in its queue") {
    auto spec = test::round_chip();
    ProgramBuilder b(spec);
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    b.add(act, B::act(500));
    b.add(act, program::Sync{});
    b.add(pool, B::pool(64), {{act, 2}});  // the Sync retires with what is before it
    check_service(b, nanoseconds(500 + 100 + 64 + 10 + 200));
}

TEST_CASE("ACT and POOL take turns where they share the port to PSUM") {
    // ACT: 100 from PSUM, 300 from the state buffer, 80 from PSUM. POOL: twice 200 + 10 from PSUM.
    // Shared: ACT 0 to 100, POOL 100 to 310, ACT elsewhere 100 to 400; POOL asks at 310 and has it to 520, ACT from
    // then.
    ProgramBuilder b(test::round_chip());
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    auto from_psum = [](int n) {
        auto op = B::act(n);
        op.src = B::psum(1, n);
        return op;
    };
    b.add(act, from_psum(100));
    b.add(act, B::act(300));
    b.add(act, from_psum(80));
    auto copy = B::pool(200);
    copy.src = B::psum(1, 200);
    b.add(pool, copy);
    b.add(pool, copy);
    auto shared = test::round_chip();
    shared.psum.shared_port = true;
    check_service(b, nanoseconds(310 + 210 + 200), shared);
}

TEST_CASE("who asks first for the port to PSUM gets it first") {
    // POOL asks at 0 for 210 behind ACT's 100; ACT asks again at 100 and gets it at 310.
    ProgramBuilder b(test::round_chip());
    const auto act = b.queue(Engine::act), pool = b.queue(Engine::pool);
    auto op = B::act(100);
    op.src = B::psum(1, 100);
    b.add(act, op);
    b.add(act, op);
    auto copy = B::pool(200);
    copy.src = B::psum(1, 200);
    b.add(pool, copy);
    auto shared = test::round_chip();
    shared.psum.shared_port = true;
    check_service(b, nanoseconds(310 + 200), shared);  // ACT's second one ends at 410 + 100, POOL's at 310 + 200
}

TEST_CASE("a load alone takes the time of its engine and what is around it") {
    check_service(loads(1, 0), kAround + kLoad);
}

TEST_CASE("the start latency of the next load of a ring overlaps the transfer before") {
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    const auto ring = b.queue(Engine::dma);
    for (int i = 0; i < 3; ++i) b.add(ring, B::load(weights, 128, 1024));
    check_service(b, 3 * kLoad + kAround);
}

TEST_CASE("two rings of an engine share it") {
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    for (int r = 0; r < 2; ++r) b.add(b.queue(Engine::dma, 0, r), B::load(weights, 128, 1024));
    check_service(b, 2 * kLoad + kAround);
}

TEST_CASE("three engines meet the ceiling of their core") {
    // 20 GB/s: a burst every 25,600 ps; the last is over when its engine is done with it.
    check_service(loads(3, 0), picoseconds((3 * 256 - 1) * 25'600 + 51'200) + kAround);
}

TEST_CASE("short rows cost an engine the time of long ones") {
    ProgramBuilder b(test::round_chip());
    const auto weights = b.segment(Purpose::weights, 1 << 20);
    b.add(b.queue(Engine::dma), B::load(weights, 64, 128));  // 8 KiB billed as 64 x 512 B
    check_service(b, picoseconds(64 * 51'200) + kAround);
}

TEST_CASE("a copy inside the state buffer does not wait for DRAM") {
    ProgramBuilder b(test::round_chip());
    b.add(b.queue(Engine::dma), B::copy(128, 1024));
    check_service(b, kLoad + picoseconds(1'050'000));
}

TEST_CASE("an activation waits for a load") {
    auto b = loads(1, 0);
    b.add(b.queue(Engine::act), B::act(64), {{0, 1}});
    check_service(b, kLoad + kAround + nanoseconds(64 + 100));
}

TEST_CASE("two cores on one channel share it") {
    check_two_cores(0, 1, picoseconds((4 * 256 - 1) * 25'600 + 51'200));  // region 1 of core 1: channel 0
}

TEST_CASE("two cores on a channel each do not disturb one another") {
    check_two_cores(0, 0, picoseconds((2 * 256 - 1) * 25'600 + 51'200));
}

TEST_CASE("inputs are sent while the inference before runs, into two buffers") {
    ProgramBuilder b(test::round_chip());
    b.segment(Purpose::input, 512'000);  // 1,000 bursts of 102,400 ps on the link
    const auto act = b.queue(Engine::act);
    for (int i = 0; i < 1000; ++i) b.add(act, B::act(500));
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, b.share());
    for (int n = 0; n < 3; ++n) chip.submit(0, time_origin());
    chip.advance_until(at(nanoseconds(10'000'000)));
    const auto done = chip.take_completions();
    REQUIRE(done.size() == 3);
    const Duration input = kHost + picoseconds(102'400'000), service = nanoseconds(500'100);
    CHECK(done[0].input_ready == at(input));
    CHECK(done[1].input_ready == at(2 * input));
    CHECK(done[0].last_retirement == at(input + service));
    CHECK(done[1].first_issue == at(input + service));
    CHECK(done[2].input_ready == at(input + service + input));  // its buffer was free only then
    CHECK(done[2].first_issue == done[1].last_retirement);
    CHECK(done[2].output_done == at(input + 3 * service + kHost));
}

TEST_CASE("the clock stays at the last event when nothing is left to do") {
    ProgramBuilder b(test::round_chip());
    b.add(b.queue(Engine::act), B::act(100));
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, b.share());
    chip.submit(0, time_origin());
    chip.advance_until(at(microseconds(1)));
    CHECK(chip.now() == at(microseconds(1)));
    chip.advance_until(at(microseconds(100)));
    CHECK(chip.now() == at(2 * kHost + nanoseconds(200)));
    CHECK(chip.take_completions().size() == 1);
    CHECK(chip.take_completions().empty());
    chip.submit(0, at(microseconds(50)));
    chip.advance_until(at(microseconds(100)));
    REQUIRE(chip.take_completions().size() == 1);
    CHECK(chip.now() == at(microseconds(50) + 2 * kHost + nanoseconds(200)));
}

TEST_CASE("a program without instructions takes only its host transfers") {
    ProgramBuilder b(test::round_chip());
    check_service(b, Duration{});
}
