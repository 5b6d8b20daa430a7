// Inferences with data on the timed chip.
#include <algorithm>

#include <tlm_utils/simple_initiator_socket.h>
#include <catch2/catch.hpp>

#include "base/elements.hpp"
#include "chip/chip.hpp"
#include "chip/dram.hpp"
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

constexpr int kPartitions = 4, kBytes = 64;  // fp16: 32 elements per partition

/// output = relu(input) through the state buffer; without `ordered` ACT does not wait for the load.
ProgramBuilder relu_program(bool ordered) {
    ProgramBuilder b(test::round_chip());
    const auto input = b.segment(Purpose::input, kPartitions * kBytes),
               output = b.segment(Purpose::output, kPartitions * kBytes);
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

std::vector<std::byte> as_fp16(const std::vector<float>& values) {
    std::vector<std::byte> bytes(2 * values.size());
    store_elements(DType::fp16, values.data(), static_cast<std::int64_t>(values.size()), bytes.data(), 1);
    return bytes;
}

std::vector<float> from_fp16(const std::vector<std::byte>& bytes) {
    std::vector<float> values(bytes.size() / 2);
    load_elements(DType::fp16, bytes.data(), 1, static_cast<std::int64_t>(values.size()), values.data());
    return values;
}

/// -first, first + 1, -(first + 2), ... as the input of relu_program.
chip::SegmentBytes input(float first) {
    std::vector<float> values(kPartitions * kBytes / 2);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = (i % 2 == 0 ? -1.0F : 1.0F) * (first + static_cast<float>(i));
    return {as_fp16(values), {}};
}

std::vector<float> relu_of_input(float first) {
    std::vector<float> values = from_fp16(input(first)[0]);
    for (float& v : values) v = std::max(v, 0.0F);
    return values;
}

constexpr Duration kLong = microseconds(1000);

/// Writes to the DRAM and reads back through its socket.
struct Initiator final : sc_core::sc_module {
    explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}

    tlm::tlm_response_status move(tlm::tlm_command command, std::uint64_t address, std::vector<std::byte>& bytes,
                                  const exec::DramRows* rows = nullptr, Duration ahead = {}) {
        tlm::tlm_generic_payload payload;
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(reinterpret_cast<unsigned char*>(bytes.data()));
        payload.set_data_length(static_cast<unsigned>(bytes.size()));
        chip::TransferExtension extension;
        extension.billed = Bytes{static_cast<std::int64_t>(bytes.size())};
        extension.rows = rows;
        payload.set_extension(&extension);
        sc_core::sc_time delay = chip::kernel_time(ahead);
        socket->b_transport(payload, delay);
        return payload.get_response_status();
    }

    tlm_utils::simple_initiator_socket<Initiator> socket;
};

}  // namespace

TEST_CASE("an inference with data brings its result to the host") {
    const auto program = relu_program(true).share();
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, program, {});
    for (float first : {1.0F, 100.0F}) {
        chip.submit(0, chip.now(), input(first));
        chip.advance_until(chip.now() + kLong);
        const auto completions = chip.take_completions();
        REQUIRE(completions.size() == 1);
        CHECK(from_fp16(completions[0].outputs->at(1)) == relu_of_input(first));
    }
}

TEST_CASE("inferences whose transfers overlap keep their data apart") {
    const auto program = relu_program(true).share();
    chip::Chip chip(test::round_chip(), 2, {});
    for (int core = 0; core < 2; ++core) chip.load(core, program, {});
    for (int n = 0; n < 6; ++n)
        for (int core = 0; core < 2; ++core) chip.submit(core, time_origin(), input(static_cast<float>(10 * n + core)));
    chip.advance_until(time_origin() + kLong);
    const auto completions = chip.take_completions();
    REQUIRE(completions.size() == 12);
    for (const auto& done : completions)
        CHECK(from_fp16(done.outputs->at(1)) == relu_of_input(static_cast<float>(10 * done.inference) + done.core));
}

TEST_CASE("a missing wait is a data fault") {
    const auto program = relu_program(false).share();
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, program, {});
    chip.submit(0, time_origin(), input(1));
    CHECK_THROWS_AS(chip.advance_until(time_origin() + kLong), exec::DataFault);
}

TEST_CASE("what an inference left in the state buffer is not there for the next") {
    // ACT reads what the load of the inference before brought: it waits for nothing, and the load waits for ACT.
    ProgramBuilder b(test::round_chip());
    const auto input_segment = b.segment(Purpose::input, kPartitions * kBytes);
    const auto in = b.queue(Engine::dma, 0), act = b.queue(Engine::act);
    auto relu = B::act(kBytes / 2);
    relu.src = B::sb(kPartitions, kBytes / 2);
    relu.dst = B::sb(kPartitions, kBytes / 2, 1024);
    b.add(act, relu);
    b.add(in, B::load(input_segment, kPartitions, kBytes), {{act, 1}});
    chip::Chip chip(test::round_chip(), 1, {});
    chip.load(0, b.share(), {});
    chip.submit(0, time_origin(), {input(1)[0]});
    CHECK_THROWS_WITH(chip.advance_until(time_origin() + kLong), Catch::Contains("read of bytes never written"));
}

TEST_CASE("inputs belong to cores with data, and are as large as their segments") {
    const auto program = relu_program(true).share();
    chip::Chip chip(test::round_chip(), 2, {});
    chip.load(0, program, {});
    chip.load(1, program);
    CHECK_THROWS_AS(chip.submit(0, time_origin()), InternalError);
    CHECK_THROWS_AS(chip.submit(1, time_origin(), input(1)), InternalError);
    CHECK_THROWS_AS(chip.submit(0, time_origin(), {}), InternalError);
    CHECK_THROWS_AS(chip.submit(0, time_origin(), {std::vector<std::byte>(3)}), InternalError);
    CHECK_THROWS_AS(chip.load(1, program, {std::vector<std::byte>(3)}), InternalError);
}

TEST_CASE("data do not change a simulated time") {
    const auto program = relu_program(true).share();
    test::EventLog with, without;
    chip::Chip chip(test::round_chip(), 1, {&with});
    test::PlainLoop loop(test::round_chip(), 1, {&without});
    chip.load(0, program, {});
    loop.load(0, program);
    for (int n = 0; n < 4; ++n) {
        chip.submit(0, time_origin(), input(1));
        loop.submit(0, time_origin());
    }
    chip.advance_until(time_origin() + kLong);
    loop.run();
    CHECK(with.sorted() == without.sorted());
}

TEST_CASE("static weights serve every inference and take no time") {
    constexpr int kWeights = 2048, kSum = 1024;  // byte offsets
    const auto adding = [&](bool is_static) {
        ProgramBuilder b(test::round_chip());
        const auto in = b.segment(Purpose::input, kPartitions * kBytes),
                   out = b.segment(Purpose::output, kPartitions * kBytes),
                   weights = b.segment(Purpose::weights, kPartitions * kBytes);
        const auto loads = b.queue(Engine::dma, 0), stores = b.queue(Engine::dma, 1), pool = b.queue(Engine::pool);
        program::DmaLoad load = B::load(weights, kPartitions, kBytes);
        load.dst.offset = kWeights;
        if (is_static) b.program().static_loads = {load};
        else b.add(loads, load);
        b.add(loads, B::load(in, kPartitions, kBytes));
        program::TensorTensor sum;
        sum.a = B::sb(kPartitions, kBytes / 2);
        sum.b = B::sb(kPartitions, kBytes / 2, kWeights);
        sum.dst = B::sb(kPartitions, kBytes / 2, kSum);
        b.add(pool, sum, {{loads, is_static ? 1U : 2U}});
        program::DmaStore store = B::store(out, kPartitions, kBytes);
        store.src = sum.dst;
        b.add(stores, store, {{pool, 1}});
        return b.share();
    };
    chip::Chip chip(test::round_chip(), 2, {});
    const std::vector<float> ones(kPartitions * kBytes / 2, 1.0F);
    for (int core = 0; core < 2; ++core) chip.load(core, adding(core == 1), {{}, {}, as_fp16(ones)});
    std::vector<Duration> service(2);
    for (float first : {1.0F, 100.0F, 7.0F})
        for (int core = 0; core < 2; ++core) {
            chip.submit(core, chip.now(), input(first));
            chip.advance_until(chip.now() + kLong);
            const auto completions = chip.take_completions();
            REQUIRE(completions.size() == 1);
            std::vector<float> expected = from_fp16(input(first)[0]);
            for (float& v : expected) v += 1;
            CHECK(from_fp16(completions[0].outputs->at(1)) == expected);
            service[static_cast<std::size_t>(core)] = completions[0].last_retirement - completions[0].first_issue;
        }
    // The load of weights would come first; without it the input's is the first of its ring, 64 B to each of four
    // partitions sooner.
    CHECK(service[1] < service[0]);
}

TEST_CASE("transactions carry bytes into DRAM and out of it") {
    const hw::ChipSpec spec = test::round_chip();
    const chip::Layout layout(spec, 1);
    chip::Faults faults;
    chip::Dram dram("dram", layout, faults);
    Initiator initiator("initiator");
    initiator.socket.bind(dram.socket);
    std::vector<std::byte> memory(16);
    dram.store().attach(0, 4096, 0, memory);
    const auto bytes = [](std::initializer_list<int> values) {
        std::vector<std::byte> all;
        for (int v : values) all.push_back(static_cast<std::byte>(v));
        return all;
    };
    bool ran = false;
    sc_core::sc_spawn([&] {
        auto three = bytes({1, 2, 3}), back = bytes({0, 0, 0, 0});
        CHECK(initiator.move(tlm::TLM_WRITE_COMMAND, 4100, three) == tlm::TLM_OK_RESPONSE);
        CHECK(memory == bytes({0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
        // Two rows of two bytes, every second one, eight apart.
        exec::DramRows rows{{}, 1, {0, 8}};
        rows.row.count[3] = 2, rows.row.step[3] = 2;
        auto four = bytes({9, 8, 7, 6});
        CHECK(initiator.move(tlm::TLM_WRITE_COMMAND, 4096, four, &rows) == tlm::TLM_OK_RESPONSE);
        CHECK(memory == bytes({9, 0, 8, 0, 1, 2, 3, 0, 7, 0, 6, 0, 0, 0, 0, 0}));
        CHECK(initiator.move(tlm::TLM_READ_COMMAND, 4096 + 4, back, &rows) == tlm::TLM_OK_RESPONSE);
        CHECK(back == bytes({1, 3, 0, 0}));
        CHECK(initiator.move(tlm::TLM_READ_COMMAND, 4096 + 13, back) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        CHECK(initiator.move(tlm::TLM_WRITE_COMMAND, 4095, back) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        ran = true;
    });
    sc_core::sc_start(chip::kernel_time(kLong));
    CHECK(ran);
}

TEST_CASE("a transfer that is sent ahead arrives when its delay is over") {
    const hw::ChipSpec spec = test::round_chip();
    const chip::Layout layout(spec, 1);
    chip::Faults faults;
    chip::Dram dram("dram", layout, faults);
    Initiator early("early"), late("late"), alone("alone");
    for (Initiator* i : {&early, &late, &alone}) i->socket.bind(dram.socket);
    std::vector<std::byte> memory(16), one(8, std::byte{1}), two(8, std::byte{2}), read(8);
    dram.store().attach(0, 4096, 0, memory);
    Duration ends[3];
    const auto run = [&](int k, Initiator& initiator, tlm::tlm_command command, std::vector<std::byte>& bytes,
                         Duration ahead) {
        sc_core::sc_spawn([=, &initiator, &bytes, &ends] {
            CHECK(initiator.move(command, 4096, bytes, nullptr, ahead) == tlm::TLM_OK_RESPONSE);
            ends[k] = chip::kernel_now().time_since_epoch();
        });
    };
    // The read is sent first and sees what was written meanwhile.
    run(0, late, tlm::TLM_READ_COMMAND, read, microseconds(7));
    run(1, early, tlm::TLM_WRITE_COMMAND, one, microseconds(3));
    sc_core::sc_start(chip::kernel_time(kLong));
    CHECK(read == one);
    CHECK(ends[0] - ends[1] == microseconds(4));
    run(2, alone, tlm::TLM_WRITE_COMMAND, two, Duration{});
    sc_core::sc_start(chip::kernel_time(kLong));
    CHECK(ends[2] - kLong == ends[1] - microseconds(3));
}
