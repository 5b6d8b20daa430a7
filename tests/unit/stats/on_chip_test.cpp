#include <catch2/catch.hpp>

#include "stats/on_chip.hpp"
#include "support/tiny_program.hpp"

using namespace infsim;
using namespace infsim::program;

namespace {
AccessPattern pattern(Space space, int partitions, std::uint16_t elements, DType dtype) {
    AccessPattern p;
    p.space = space;
    p.partition_count = static_cast<std::uint8_t>(partitions);
    p.count[3] = elements;
    p.dtype = dtype;
    return p;
}

Program of(const Operation& op) {
    Program p;
    p.queues.resize(1);
    p.queues[0].instructions.resize(1);
    p.queues[0].instructions[0].op = op;
    return p;
}
}  // namespace

TEST_CASE("bytes on the chip are those of all operands, and a sum that is added to counts twice") {
    Matmul matmul{pattern(Space::state_buffer, 128, 10, DType::fp16), pattern(Space::psum, 64, 10, DType::fp32), false};
    CHECK(stats::on_chip_bytes(of(matmul)).state_buffer == 128 * 10 * 2);
    CHECK(stats::on_chip_bytes(of(matmul)).psum == 64 * 10 * 4);
    matmul.accumulate = true;
    CHECK(stats::on_chip_bytes(of(matmul)).psum == 2 * 64 * 10 * 4);

    Activate activate{pattern(Space::psum, 64, 10, DType::fp32), pattern(Space::state_buffer, 64, 10, DType::bf16), {}};
    activate.bias = ScalarOperand::per_partition(0, 0, DType::fp32);
    CHECK(stats::on_chip_bytes(of(activate)).psum == 64 * 10 * 4);
    CHECK(stats::on_chip_bytes(of(activate)).state_buffer == 64 * 10 * 2 + 64 * 4);

    const DmaLoad load{{}, pattern(Space::state_buffer, 128, 100, DType::fp16)};
    CHECK(stats::on_chip_bytes(of(load)).state_buffer == 128 * 100 * 2);
    const DmaCopy copy{load.dst, load.dst};
    CHECK(stats::on_chip_bytes(of(copy)).state_buffer == 2 * 128 * 100 * 2);
}

TEST_CASE("bytes on the chip add up over queues") {
    const Program whole = testing::tiny_program();
    stats::OnChipBytes sum;
    for (const Queue& queue : whole.queues) {
        Program part;
        part.queues = {queue};
        const stats::OnChipBytes own = stats::on_chip_bytes(part);
        sum.state_buffer += own.state_buffer;
        sum.psum += own.psum;
    }
    CHECK(sum.state_buffer > 0);
    CHECK(sum.psum > 0);
    CHECK(stats::on_chip_bytes(whole).state_buffer == sum.state_buffer);
    CHECK(stats::on_chip_bytes(whole).psum == sum.psum);
}
