#include <catch2/catch.hpp>

#include "stats/layer_shares.hpp"

using namespace infsim;
using namespace infsim::stats;
using namespace infsim::program;

namespace {

TimePoint at(std::int64_t us) { return TimePoint{microseconds(us)}; }

AccessPattern row() {
    AccessPattern ap;
    ap.partition_count = 1;
    ap.count[3] = 8;
    ap.step[3] = 1;
    return ap;
}

/// Queue 0: two matmuls of layer 0. Queue 1, DMA: a load of weights for layer 1, a store and a fetch of a relayout
/// there.
Program two_queues() {
    Program p;
    p.layers = {{"conv", "conv", 0, 0}, {"fetch", "fetch", 0, 0}};
    p.segments.resize(2);
    p.segments[0].purpose = Purpose::weights;
    p.segments[1].purpose = Purpose::relayout;
    Instruction matmul{Matmul{row(), row()}}, weights{DmaLoad{DramPattern{}, row()}};
    weights.layer = 1;
    DramPattern relayout;
    relayout.segment = 1;
    Instruction store{DmaStore{row(), relayout}}, fetch{DmaLoad{relayout, row()}};
    store.layer = fetch.layer = 1;
    p.queues = {{Engine::pe, 0, 0, {matmul, matmul}}, {Engine::dma, 0, 0, {weights, store, fetch}}};
    return p;
}

double us(const std::vector<ActivityTimes>& times, std::size_t layer, Activity activity) {
    return times[layer][static_cast<std::size_t>(activity)] * 1000;
}

}  // namespace

TEST_CASE("each moment belongs to what is under way, loads of weights only where nothing else is") {
    const Program p = two_queues();
    const ProgramIndex index(p);
    LayerShares shares(index, 0, 7);
    observe::Observer& sink = shares;
    sink.on(
        observe::Issued{{0, 1, 0, 7}, at(0), at(30)});  // weights: alone until 10, behind the PE until 25, then alone
    sink.on(observe::Issued{{0, 0, 0, 7}, at(10), at(18)});
    sink.on(observe::Issued{{0, 0, 1, 7}, at(18), at(22)});
    sink.on(observe::Retired{{0, 0, 0, 7}, at(20)});
    sink.on(observe::Retired{{0, 0, 1, 7}, at(25)});  // its result is there 3 us behind its last cycle
    sink.on(observe::Issued{{0, 1, 1, 7}, at(30), at(34)});
    sink.on(observe::Issued{{0, 1, 2, 7}, at(40), at(46)});  // nothing from 34 to 40
    sink.on(observe::Issued{{0, 0, 0, 8}, at(50), at(90)});  // of another inference
    sink.on(observe::Issued{{1, 0, 0, 7}, at(50), at(90)});  // of another core
    const auto times = shares.result();
    CHECK(us(times, 0, Activity::pe) == Approx(15));
    CHECK(us(times, 1, Activity::weights) == Approx(15));
    CHECK(us(times, 1, Activity::stores) == Approx(4));
    CHECK(us(times, 1, Activity::fetches) == Approx(6));
    double all = 0;
    for (const auto& layer : times)
        for (const double ms : layer) all += ms;
    CHECK(all * 1000 == Approx(40));
}

TEST_CASE("what is under way at the same time shares it equally") {
    const Program p = two_queues();
    const ProgramIndex index(p);
    LayerShares shares(index, 0, 0);
    observe::Observer& sink = shares;
    sink.on(observe::Issued{{0, 0, 0, 0}, at(0), at(10)});
    sink.on(observe::Issued{{0, 1, 1, 0}, at(4), at(12)});
    const auto times = shares.result();
    CHECK(us(times, 0, Activity::pe) == Approx(4 + 3));
    CHECK(us(times, 1, Activity::stores) == Approx(3 + 2));
}

TEST_CASE("an instruction is what its engine, its purpose and its direction make of it") {
    using record::AccountedEngine;
    const auto facts = [](Purpose purpose, bool writes) {
        InstructionFacts f;
        f.dram_bytes = 1;
        f.purpose = static_cast<std::uint8_t>(purpose);
        f.writes_dram = writes;
        return f;
    };
    CHECK(activity_of(AccountedEngine::act, {}) == Activity::act);
    CHECK(activity_of(AccountedEngine::pool, {}) == Activity::pool);
    CHECK(activity_of(AccountedEngine::dma, {}) == Activity::copies);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::spill, true)) == Activity::spills);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::relayout, true)) == Activity::stores);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::relayout, false)) == Activity::fetches);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::constants, false)) == Activity::constants);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::input, false)) == Activity::inputs);
    CHECK(activity_of(AccountedEngine::dma, facts(Purpose::output, true)) == Activity::outputs);
}
