#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "stats/layers.hpp"
#include "stats/occupancy.hpp"
#include "stats/stall_accounts.hpp"
#include "stats/timeline.hpp"
#include "stats/traffic.hpp"

using namespace infsim;
using namespace infsim::stats;
using namespace infsim::program;
using observe::Stall;
using record::TimeShare;

namespace {

TimePoint at(std::int64_t ns) { return TimePoint{nanoseconds(ns)}; }

AccessPattern rows(std::uint8_t start, std::uint8_t partitions, std::uint16_t elements) {
    AccessPattern ap;
    ap.partition_start = start;
    ap.partition_count = partitions;
    ap.count[3] = elements;
    ap.step[3] = 1;
    return ap;
}

/// Two layers: a load of 1000 B and a matmul each; queue 0 PE, queue 1 DMA.
Program two_layers() {
    Program p;
    p.layers = {{"first", "conv", 10, 1000}, {"second", "conv", 20, 1000}};
    Segment weights;
    weights.purpose = Purpose::weights;
    weights.bytes = 2000;
    Segment input;
    input.purpose = Purpose::input;
    input.bytes = 300;
    Segment output;
    output.purpose = Purpose::output;
    output.bytes = 64;
    p.segments = {weights, input, output};
    Queue pe{Engine::pe, 0, 0, {}}, dma{Engine::dma, 0, 0, {}};
    for (std::uint16_t layer = 0; layer < 2; ++layer) {
        Instruction load{DmaLoad{DramPattern{}, rows(0, 10, 50)}};
        load.layer = layer;
        load.sequence = layer * 2U;
        dma.instructions.push_back(load);
        Instruction matmul{Matmul{rows(0, 10, 50), rows(0, 10, 50)}};
        matmul.layer = layer;
        matmul.sequence = layer * 2U + 1;
        pe.instructions.push_back(matmul);
    }
    p.queues = {pe, dma};
    return p;
}

/// The events of one inference of `two_layers`: loads from 0 to 100 and 200 ns, matmuls of 40 ns behind them.
template <class Sink>
void run(Sink& sink, std::uint64_t inference, std::int64_t start) {
    const observe::InstructionRef load0{0, 1, 0, inference}, load1{0, 1, 1, inference};
    const observe::InstructionRef mm0{0, 0, 0, inference}, mm1{0, 0, 1, inference};
    using observe::InferencePhase;
    sink.on(observe::HostTransferred{0, inference, true, Bytes{300}, at(start), at(start)});
    sink.on(observe::InferenceEvent{0, inference, InferencePhase::first_issue, at(start)});
    sink.on(observe::Issued{load0, at(start), at(start + 100)});
    sink.on(observe::Transferred{load0, 1, Bytes{1000}, false, at(start), at(start + 100)});
    sink.on(observe::Issued{load1, at(start + 100), at(start + 200)});
    sink.on(observe::Transferred{load1, 0, Bytes{1000}, false, at(start + 100), at(start + 200)});
    sink.on(observe::Blocked{mm0, at(start), at(start + 100), Stall::wait_weights});
    sink.on(observe::Issued{mm0, at(start + 100), at(start + 140)});
    sink.on(observe::Retired{mm0, at(start + 150)});
    sink.on(observe::Blocked{mm1, at(start + 140), at(start + 200), Stall::wait_weights});
    sink.on(observe::Issued{mm1, at(start + 200), at(start + 240)});
    sink.on(observe::Retired{mm1, at(start + 250)});
    sink.on(observe::InferenceEvent{0, inference, InferencePhase::last_retirement, at(start + 250)});
    sink.on(observe::HostTransferred{0, inference, false, Bytes{64}, at(start + 250), at(start + 250)});
}

std::int64_t ns(const ShareTimes& times, TimeShare share) { return times[static_cast<std::size_t>(share)] / 1000; }

}  // namespace

TEST_CASE("busy, stalls and drained add up to the makespan of each engine") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    StallAccounts accounts(index, 1);
    observe::Observer& sink = accounts;
    run(sink, 0, 0);
    run(sink, 1, 1000);
    const auto engines = accounts.engines({{0, 0, 2}});
    const ShareTimes& pe = engines[0];
    CHECK(ns(pe, TimeShare::busy) == 160);
    CHECK(ns(pe, TimeShare::wait_weights) == 320);
    CHECK(ns(pe, TimeShare::drained) == 20);
    CHECK(ns(engines[3], TimeShare::busy) == 400);
    CHECK(ns(engines[3], TimeShare::drained) == 100);
    CHECK(main_stall_in_words(pe) == "weights from DRAM (64 % of the time)");
    CHECK(main_stall_in_words(engines[3]) == "nothing: busy 80 % of the time");
    CHECK(main_stall_in_words(ShareTimes{}).empty());
}

TEST_CASE("a hole, an overlap or too much work in the events of a queue is found") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    const auto account_with = [&](std::int64_t second_issue, std::int64_t second_end) {
        StallAccounts accounts(index, 1);
        accounts.on(observe::InferenceEvent{0, 0, observe::InferencePhase::first_issue, at(0)});
        accounts.on(observe::Issued{{0, 0, 0, 0}, at(0), at(40)});
        accounts.on(observe::Issued{{0, 0, 1, 0}, at(second_issue), at(second_end)});
        accounts.on(observe::InferenceEvent{0, 0, observe::InferencePhase::last_retirement, at(100)});
        return accounts.engines({{0, 0, 1}});
    };
    CHECK_NOTHROW(account_with(40, 80));
    CHECK_THROWS_AS(account_with(41, 80), InternalError);
    CHECK_THROWS_AS(account_with(39, 80), InternalError);
    CHECK_THROWS_AS(account_with(40, 101), InternalError);
}

TEST_CASE("a queue that is first heard of late is found") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    StallAccounts accounts(index, 1);
    accounts.on(observe::InferenceEvent{0, 0, observe::InferencePhase::first_issue, at(0)});
    accounts.on(observe::Issued{{0, 0, 0, 0}, at(5), at(40)});
    accounts.on(observe::InferenceEvent{0, 0, observe::InferencePhase::last_retirement, at(100)});
    CHECK_THROWS_AS(accounts.engines({{0, 0, 1}}), InternalError);
}

TEST_CASE("traffic is counted by purpose, direction, channel and inference, and equals the program's") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    Traffic traffic(index, 1, 2);
    observe::Observer& sink = traffic;
    run(sink, 0, 0);
    run(sink, 1, 1000);
    const TrafficBytes one = traffic.inference(0, 1);
    CHECK(one.read[static_cast<std::size_t>(Purpose::weights)] == 2000);
    CHECK(one.host_in == 300);
    CHECK(one.host_out == 64);
    CHECK(one.dram() == 2364);
    CHECK(one == expected_traffic(p, index));
    CHECK(traffic.channel_bytes() == std::vector<std::int64_t>{2000, 2000});
    CHECK(traffic.inference(0, 7) == TrafficBytes{});
}

TEST_CASE("layers have spans, engine time, bytes, bound and main stall") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    Layers layers(index, 0, 1);
    observe::Observer& sink = layers;
    run(sink, 0, 0);
    run(sink, 1, 1000);
    const std::vector<Held> held{{11}, {10, 5, 4, 2, 1}};
    const Frequency clock{1'000'000'000};
    const auto fast = layer_rows(p, layers.result(), held, {clock, 1e12, Bandwidth{1'000'000'000'000}});
    REQUIRE(fast.size() == 2);
    CHECK(fast[1].name == "second");
    CHECK(fast[1].start_ms == Approx(200e-6));
    CHECK(fast[1].end_ms == Approx(250e-6));
    CHECK(fast[1].pe_cycles == 40);
    CHECK(fast[1].dram_bytes == 1000);
    CHECK(fast[1].held.sum() == 22);
    CHECK(fast[1].pe_ideal_ms == Approx(static_cast<double>(p.layers[1].macs) * p.batch / 1e9));
    CHECK(fast[1].bound == "pe");
    CHECK(fast[1].main_stall == "weights from DRAM");
    CHECK(fast[1].main_stall_ms == Approx(60e-6));
    const auto slow = layer_rows(p, layers.result(), held, {clock, 1e12, Bandwidth{10'000'000'000}});
    CHECK(slow[1].bound == "dram");  // 100 ns against 40 ns of PE
    CHECK(slow[1].dram_ms == Approx(100e-6));
    CHECK(layers_csv(slow).find("\nsecond,conv,") != std::string::npos);
    CHECK(layers_csv(slow).find(",10,5,4,2,1\n") != std::string::npos);
}

TEST_CASE("occupancy is that of the fullest partition") {
    Program p = two_layers();
    const auto own = [&](std::uint8_t start, std::uint8_t count, std::uint32_t bytes, std::uint32_t first,
                         std::uint32_t last) {
        Allocation a;
        a.partition_start = start;
        a.partition_count = count;
        a.bytes = bytes;
        a.first_sequence = first;
        a.last_sequence = last;
        p.allocations.push_back(a);
    };
    own(0, 64, 100, 0, 1);  // lower half, first layer
    own(64, 64, 70, 0, 3);  // upper half, both layers
    own(0, 128, 50, 3, 3);  // everywhere, second layer only
    Allocation psum;
    psum.space = Space::psum;
    psum.bytes = 10'000;
    psum.partition_count = 64;
    psum.last_sequence = 3;
    p.allocations.push_back(psum);
    const Occupancy o = occupancy(p);
    CHECK(o.peak_bytes == 120);
    REQUIRE(o.layers.size() == 2);
    CHECK(o.layers[0].sum() == 100);
    CHECK(o.layers[1].sum() == 120);
}

TEST_CASE("what the fullest partition holds is told by what it is for, and weights by whether their layer has begun") {
    Program p = two_layers();
    p.layers[0].kind = "replicate";
    const auto own = [&](Purpose purpose, std::uint16_t layer, std::uint32_t bytes) {
        Allocation a;
        a.partition_count = 128;
        a.bytes = bytes;
        a.last_sequence = 3;
        a.layer = layer;
        a.purpose = purpose;
        p.allocations.push_back(a);
    };
    own(Purpose::weights, 1, 1);
    own(Purpose::constants, 1, 2);
    own(Purpose::spill, 0, 4);  // how intermediates are marked
    own(Purpose::spill, 1, 8);
    const Occupancy o = occupancy(p);
    REQUIRE(o.layers.size() == 2);
    CHECK(o.layers[0].weights_prefetched == 1);
    CHECK(o.layers[0].weights_in_use == 0);
    CHECK(o.layers[1].weights_prefetched == 0);
    CHECK(o.layers[1].weights_in_use == 1);
    for (const Held& held : o.layers) {
        CHECK(held.constants == 2);
        CHECK(held.replicated == 4);
        CHECK(held.activations == 8);
    }
}

TEST_CASE("a timeline shows copies on the chip, which cross no DRAM") {
    Program p = two_layers();
    p.queues[1].instructions[1].op = DmaCopy{rows(0, 10, 50), rows(0, 10, 50)};
    const ProgramIndex index(p);
    Timeline timeline(index, {0, 0, 1});
    observe::Observer& sink = timeline;
    sink.on(observe::Issued{{0, 1, 0, 0}, at(0), at(100)});  // shown as its transfer
    sink.on(observe::Issued{{0, 1, 1, 0}, at(100), at(150)});
    CHECK(timeline_csv(p, index, timeline.spans()) ==
          "queue,engine,layer,image,kind,purpose,start_us,end_us,dram_bytes\n"
          "1,dma,second,0,work,,0,0.05,0\n");
}

TEST_CASE("a timeline keeps one range of inferences and merges spans that touch") {
    const Program p = two_layers();
    const ProgramIndex index(p);
    Timeline timeline(index, {0, 1, 2});
    observe::Observer& sink = timeline;
    run(sink, 0, 0);
    run(sink, 1, 1000);
    CHECK(timeline.spans().size() == 4);
    const std::string csv = timeline_csv(p, index, timeline.spans());
    CHECK(csv ==
          "queue,engine,layer,image,kind,purpose,start_us,end_us,dram_bytes\n"
          "0,pe,first,0,work,,0.1,0.14,0\n"
          "0,pe,second,0,work,,0.2,0.24,0\n"
          "1,dma,first,0,transfer,weights,0,0.1,1000\n"
          "1,dma,second,0,transfer,weights,0.1,0.2,1000\n");
}
