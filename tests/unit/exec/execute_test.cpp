#include <catch2/catch.hpp>

#include <deque>

#include "exec/segments.hpp"
#include "one_op.hpp"
#include "support/tiny_program.hpp"

using namespace infsim;
using namespace infsim::program;
using exec::DataFault;
using exec::ExecState;
using exec::FaultKind;
using infsim::testing::kAct;
using infsim::testing::kIn;
using infsim::testing::kOut;
using infsim::testing::kPe;
using infsim::testing::kPool;
using infsim::testing::static_tiny_program;
using infsim::testing::tiny_program;

namespace {

const std::vector<float> kW{1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -30}, kB{1, 0, -1}, kX{1, 0, 0, 0, 1, 2, 3, 4};
// Image 0: W's first row + b = 2, 2, 2. Image 1: 1*1+2*4+3*7-4 = 26, 2+10+24-8 = 28, 3+12+27-120 = -78; plus
// b; twice; ReLU.
const std::vector<float> kY{4, 4, 4, 54, 56, 0};

ExecState filled(const Program& p, exec::Tracking tracking = exec::Tracking::on) {
    ExecState s(p, tracking);
    s.memory.dram[0] = exec::fill_segment(p.segments[0], {{kW.data(), 12}});
    s.memory.dram[1] = exec::fill_input(p.segments[1], DType::fp32, reinterpret_cast<const std::byte*>(kX.data()), 8);
    s.memory.dram[3] = exec::fill_segment(p.segments[3], {{kB.data(), 3}});
    return s;
}
std::vector<float> output(const Program& p, const ExecState& s) {
    const auto bytes = exec::read_output(p.segments[2], s.memory.dram[2], DType::fp32);
    std::vector<float> y(6);
    std::memcpy(y.data(), bytes.data(), bytes.size());
    return y;
}

/// Runs the instructions in phases: `script` names a queue to issue its next instruction, or ~queue to retire
/// its oldest.
void play(const Program& p, ExecState& s, const std::vector<int>& script) {
    std::vector<std::uint32_t> next(p.queues.size(), 0);
    std::vector<std::deque<exec::Effect>> running(p.queues.size());
    for (int step : script) {
        const int q = step < 0 ? ~step : step;
        if (step >= 0) {
            running[q].push_back(exec::read_sources(p, {static_cast<std::uint8_t>(q), next[q]++}, s));
        } else {
            exec::write(p, running[q].front(), s);
            running[q].pop_front();
        }
    }
}
FaultKind fault_of(const Program& p, const std::vector<int>& script) {
    ExecState s = filled(p);
    try {
        play(p, s, script);
    } catch (const DataFault& f) {
        return f.kind;
    }
    FAIL("no fault");
    return FaultKind::shape;
}

}  // namespace

TEST_CASE("the tiny Program computes its layer, with and without tracking, its weights loaded or static") {
    for (const Program& p : {tiny_program(), static_tiny_program()})
        for (auto tracking : {exec::Tracking::on, exec::Tracking::off}) {
            ExecState s = filled(p, tracking);
            exec::run_serial(p, s);
            CHECK(output(p, s) == kY);
        }
}

TEST_CASE("issue and retirement may lie apart, and accumulations of the PE overlap") {
    const Program p = tiny_program();
    ExecState s = filled(p);
    play(p, s, {kIn,  kIn,  kIn,  ~kIn, ~kIn, ~kIn,  kPe,   kPe,    kPe,  kPe,
                ~kPe, ~kPe, ~kPe, ~kPe, kAct, ~kAct, kPool, ~kPool, kOut, ~kOut});
    CHECK(output(p, s) == kY);
}

TEST_CASE("reading what has not been loaded is found, with instruction, layer and address") {
    const Program p = tiny_program();
    ExecState s = filled(p);
    try {
        play(p, s, {kPe});
        FAIL("no fault");
    } catch (const DataFault& f) {
        CHECK(f.kind == FaultKind::unwritten_read);
        CHECK(f.id == InstructionId{kPe, 0});
        CHECK(std::string(f.what()) ==
              "read of bytes never written: load_stationary q0[0] of layer 'fc', image 0: state buffer "
              "partition 0, byte 0");
    }
}

TEST_CASE("reading what is still on its way is found") {
    CHECK(fault_of(tiny_program(), {kIn, kPe}) == FaultKind::in_flight_read);
    // The PE's sums have been issued but are not there.
    CHECK(fault_of(tiny_program(), {kIn, kIn, kIn, ~kIn, ~kIn, ~kIn, kPe, kPe, kAct}) == FaultKind::in_flight_read);
}

TEST_CASE("a source that is overwritten before its reader retires is found") {
    Program p = tiny_program();
    // Another queue clears the input while the matmul that reads it is under way.
    p.queues[kPool].instructions[0].op = Memset{infsim::testing::row(Space::state_buffer, 0, 2, 32, 2), 5.0F};
    const std::vector<int> loaded{kIn, kIn, kIn, ~kIn, ~kIn, ~kIn, kPe, kPe};
    auto overwritten = loaded, about_to_be = loaded;
    overwritten.insert(overwritten.end(), {kPool, ~kPool, ~kPe, ~kPe});
    about_to_be.insert(about_to_be.end(), {kPool, ~kPe, ~kPe});
    CHECK(fault_of(p, overwritten) == FaultKind::source_changed);
    CHECK(fault_of(p, about_to_be) == FaultKind::source_changed);
}

TEST_CASE("two queues writing one byte at a time is found") {
    Program p = tiny_program();
    p.queues[kPool].instructions[0].op = Memset{infsim::testing::row(Space::state_buffer, 0, 1, 0, 1), 5.0F};
    CHECK(fault_of(p, {kIn, kPool}) == FaultKind::in_flight_write);
}

TEST_CASE("an accumulation onto nothing is found") {
    Program p = tiny_program();
    std::get<Matmul>(p.queues[kPe].instructions[1].op).accumulate = true;
    ExecState s = filled(p);
    CHECK_THROWS_AS(exec::run_serial(p, s), DataFault);
}

TEST_CASE("what an allocation's bytes held before it began counts as unwritten") {
    Program p = tiny_program();
    // The bias's bytes have an owner who wrote them, then the input's allocation is said to begin there.
    p.allocations.push_back({"late", Space::state_buffer, 0, 3, 24, 4, 6, 9, 0, Purpose::spill});
    ExecState s = filled(p);
    CHECK_THROWS_AS(exec::run_serial(p, s), DataFault);
}
