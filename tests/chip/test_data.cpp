// Inferences with data on the timed chip.
#include <catch2/catch.hpp>

#include "base/elements.hpp"
#include "chip/chip.hpp"
#include "exec/execute.hpp"
#include "support/event_log.hpp"
#include "support/plain_loop.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using test::ProgramBuilder;
using B = ProgramBuilder;
using program::Engine;
using program::Purpose;

namespace {

constexpr int kPartitions = 4, kBytes = 64;   // fp16: 32 elements per partition

/// output = relu(input) through the state buffer; without `ordered` ACT does not wait for the load.
ProgramBuilder relu_program(bool ordered) {
    ProgramBuilder b(test::round_chip());
    const auto input = b.segment(Purpose::input, kPartitions * kBytes), output = b.segment(Purpose::output, kPartitions * kBytes);
    const auto in = b.queue(Engine::dma, 0), out = b.queue(Engine::dma, 1), act = b.queue(Engine::act);
    b.add(in, B::load(input, kPartitions, kBytes));
    auto relu = B::act(kBytes / 2);
    relu.src = B::sb(kPartitions, kBytes / 2);
    relu.dst = B::sb(kPartitions, kBytes / 2, 1024);
    relu.function = program::ActFunction::relu;
    if (ordered) b.add(act, relu, {{in, 1}});
    else b.add(act, relu);
    auto store = B::store(output, kPartitions, kBytes);
    store.src = relu.dst;
    b.add(out, store, {{act, 1}});
    return b;
}

void fill(std::vector<std::byte>& bytes, float first) {
    for (std::size_t i = 0; i < bytes.size() / 2; ++i) {
        const float value = (i % 2 == 0 ? -1.0F : 1.0F) * (first + static_cast<float>(i));
        store_elements(DType::fp16, &value, 1, bytes.data() + 2 * i, 1);
    }
}

}  // namespace

TEST_CASE("an inference with data leaves its result in DRAM") {
    const auto program = relu_program(true).share();
    exec::ExecState state(*program);
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, program, &state);
    for (float first : {1.0F, 100.0F}) {
        fill(state.memory.dram[0], first);
        chip.submit(0, chip.now());
        chip.advance_until(chip.now() + microseconds(1000));
        REQUIRE(chip.take_completions().size() == 1);
        for (std::size_t i = 0; i < kPartitions * kBytes / 2; ++i) {
            float value = -1;
            load_elements(DType::fp16, state.memory.dram[1].data() + 2 * i, 1, 1, &value);
            REQUIRE(value == (i % 2 == 0 ? 0.0F : first + static_cast<float>(i)));
        }
    }
}

TEST_CASE("a missing wait is a data fault") {
    const auto program = relu_program(false).share();
    exec::ExecState state(*program);
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, program, &state);
    chip.submit(0, time_origin());
    CHECK_THROWS_AS(chip.advance_until(time_origin() + microseconds(1000)), exec::DataFault);
}

TEST_CASE("data do not change a simulated time") {
    const auto program = relu_program(true).share();
    exec::ExecState state(*program);
    test::EventLog with, without;
    chip::Chip chip(test::round_chip(), 1, {&with});
    test::PlainLoop loop(test::round_chip(), 1, {&without});
    chip.load(0, program, &state);
    loop.load(0, program);
    chip.submit(0, time_origin());
    loop.submit(0, time_origin());
    chip.advance_until(time_origin() + microseconds(1000));
    loop.run();
    CHECK(with.sorted() == without.sorted());
}
