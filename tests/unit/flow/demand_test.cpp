#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "flow/run/demand.hpp"
#include "hw/load.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::flow;
using namespace infsim::program;

namespace {

hw::ChipSpec inferentia() {
    Problems problems;
    auto file = hw::load_chip(source_folder("/configs/chips/inferentia1.json"), {}, problems);
    REQUIRE(file);
    return file->spec;
}

/// One load of 128 KiB of weights and 100 matmuls of 512 columns; 1000 B in, 10 B out.
Program small_program() {
    Program p;
    p.layers = {{"only", "conv", 1, 1}};
    p.target.dram_regions = 2;
    p.segments.resize(3);
    p.segments[0].bytes = 131'072;
    p.segments[1].purpose = Purpose::input;
    p.segments[1].bytes = 1000;
    p.segments[1].region = 1;
    p.segments[2].purpose = Purpose::output;
    p.segments[2].bytes = 10;
    AccessPattern weights;
    weights.partition_count = 128;
    weights.count[3] = 512;
    weights.step[3] = 1;
    AccessPattern moving = weights, sums = weights;
    sums.partition_count = 64;
    sums.space = Space::psum;
    sums.dtype = DType::fp32;
    Queue pe{Engine::pe, 0, 0, {}}, dma{Engine::dma, 0, 0, {}};
    DramPattern from;
    from.partition_step = 1024;
    from.count[3] = 512;
    from.step[3] = 2;
    dma.instructions.push_back({DmaLoad{from, weights}});
    for (int i = 0; i < 100; ++i) pe.instructions.push_back({Matmul{moving, sums}});
    p.queues = {pe, dma};
    return p;
}

/// A measurement of one inference that took `service`, with the events of its traffic.
struct Fixture {
    explicit Fixture(Duration service) : program(small_program()), index(program), traffic(index, 1, 2) {
        chip::Completion c{0, 0, TimePoint{}, TimePoint{}, TimePoint{}};
        c.last_retirement = c.output_done = TimePoint{service};
        measurement.cores.push_back({TimePoint{}, {c}});
        traffic.on(observe::HostTransferred{0, 0, true, Bytes{1000}, TimePoint{}, TimePoint{}});
        traffic.on(observe::HostTransferred{0, 0, false, Bytes{10}, TimePoint{}, TimePoint{}});
    }
    void transfer(std::int64_t bytes) {
        traffic.on(observe::Transferred{{0, 1, 0, 0}, 0, Bytes{bytes}, false, TimePoint{}, TimePoint{}});
    }
    void check() const {
        check_bounds(inferentia(), demand_of(inferentia(), program), stats::expected_traffic(program, index), traffic,
                     measurement);
    }
    Program program;
    stats::ProgramIndex index;
    stats::Traffic traffic;
    Measurement measurement;
};

}  // namespace

TEST_CASE("a program's demand is its engines' occupancy and its bytes by region") {
    const analysis::Demand d = demand_of(inferentia(), small_program());
    CHECK(d.pe == (Cycles{512} + inferentia().pe.matmul_overhead) / inferentia().pe.clock * 100);
    CHECK(d.act == Duration{});
    CHECK(d.core_bytes == Bytes{131'072});
    CHECK(d.region_bytes == std::vector<Bytes>{Bytes{131'082}, Bytes{1000}});
    CHECK(d.host_in == Bytes{1000});
    CHECK(d.host_out == Bytes{10});
}

TEST_CASE("a run that keeps to its bounds passes") {
    Fixture f(microseconds(100));  // 100 x (512 + matmul_overhead) cycles are about 70 us
    f.transfer(131'072);
    CHECK_NOTHROW(f.check());
}

TEST_CASE("an inference faster than its own engines is a fault of the simulator") {
    Fixture f(microseconds(52));
    f.transfer(131'072);
    CHECK_THROWS_AS(f.check(), InternalError);
}

TEST_CASE("lost or doubled bytes are a fault of the simulator") {
    Fixture lost(microseconds(60));
    lost.transfer(131'071);
    CHECK_THROWS_AS(lost.check(), InternalError);
    Fixture twice(microseconds(60));
    twice.transfer(131'072);
    twice.transfer(131'072);
    CHECK_THROWS_AS(twice.check(), InternalError);
}

TEST_CASE("measured inferences that together beat the DRAM channels are a fault of the simulator") {
    Fixture f(microseconds(60));
    f.transfer(131'072);
    // A thousand inferences at the same instant: each is possible, all together are not.
    const chip::Completion one = f.measurement.cores[0].measured[0];
    for (int i = 0; i < 1000; ++i) f.measurement.cores[0].measured.push_back(one);
    CHECK_THROWS_AS(f.check(), InternalError);
}
