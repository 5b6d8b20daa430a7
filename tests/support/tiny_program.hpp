// A hand-made Program that is small enough to follow on paper and touches every engine: one dense layer of
// four inputs and three outputs over two images, with bias and ReLU.
#pragma once

#include "program/program.hpp"

namespace infsim::testing {

/// Queue numbers of tiny_program().
enum TinyQueue : std::uint8_t { kPe = 0, kAct = 1, kPool = 2, kIn = 3, kOut = 4 };

/// y[image][m] = relu(2 * (sum_k W[k][m] x[image][k] + b[m])), in fp32.
/// Tensors "W" [4][3], "b" [3]; segments 0 weights, 1 input "x" [2][4], 2 output "y" [2][3], 3 constants (b).
/// Contraction in two halves of two rows each (accumulated), with weights at bytes 0 and 12 of partitions 0
/// and 1.
inline program::Program tiny_program() {
    using namespace program;
    Program p;
    p.model = "tiny";
    p.batch = 2;
    p.dtype = p.io_dtype = DType::fp32;
    p.target = {8, 4, 16, 8, 4, 2, 256, 64, 2, 4, 16, 4096, 2};
    p.queues.resize(5);
    p.queues[kPe].engine = Engine::pe;
    p.queues[kAct].engine = Engine::act;
    p.queues[kPool].engine = Engine::pool;
    p.queues[kIn] = {Engine::dma, 0, 0, {}};
    p.queues[kOut] = {Engine::dma, 1, 2, {}};

    Segment w{"fc", Purpose::weights, DType::fp32, 0, 0, 48, {"W"}, {}};
    RecipeBox box;  // partition r of half h holds row 2h + r: [r][h][m]
    box.count = {1, 1, 1, 2, 2, 3};
    box.segment_step = {0, 0, 0, 24, 12, 4};
    box.tensor_step = {0, 0, 0, 3, 6, 1};
    w.recipe = {box};
    Segment b{"fc bias", Purpose::constants, DType::fp32, 1, 0, 12, {"b"}, {}};
    RecipeBox bias;
    bias.count[5] = 3, bias.segment_step[5] = 4, bias.tensor_step[5] = 1;
    b.recipe = {bias};
    p.segments = {w,
                  {"x", Purpose::input, DType::fp32, 0, 64, 32, {"x"}, {}},
                  {"y", Purpose::output, DType::fp32, 1, 64, 24, {"y"}, {}},
                  b};

    const auto sb = [](int start, int count, std::uint32_t offset, std::uint16_t n, std::uint16_t step = 1) {
        AccessPattern a;
        a.partition_start = static_cast<std::uint16_t>(start), a.partition_count = static_cast<std::uint16_t>(count);
        a.offset = offset, a.dtype = DType::fp32;
        a.count[3] = n, a.step[3] = n > 1 ? step : 0;
        return a;
    };
    const auto psum = [&](int count, std::uint32_t offset, std::uint16_t n) {
        AccessPattern a = sb(0, count, offset, n);
        a.space = Space::psum;
        return a;
    };
    const auto dram = [](std::uint32_t segment, std::uint32_t offset, std::uint32_t partition_step, std::uint16_t n,
                         std::uint32_t step) {
        DramPattern d;
        d.segment = segment, d.offset = offset, d.partition_step = partition_step;
        d.count[3] = n, d.step[3] = step;
        return d;
    };
    std::uint32_t sequence = 0;
    const auto emit = [&](TinyQueue q, Operation op, std::initializer_list<Wait> waits = {}) {
        Instruction i;
        i.op = std::move(op);
        i.sequence = sequence++;
        for (Wait wait : waits) i.waits.push(wait);
        p.queues[q].instructions.push_back(i);
    };
    emit(kIn, DmaLoad{dram(0, 0, 24, 6, 4), sb(0, 2, 0, 6)});  // 0: weights of both halves
    emit(kIn, DmaLoad{dram(3, 0, 4, 1, 0), sb(0, 3, 24, 1)});  // 1: bias
    // x[image][2h + r] to partition r: element (h, image), the images innermost
    DramPattern x = dram(1, 0, 4, 2, 16);
    x.count[2] = 2, x.step[2] = 8;
    emit(kIn, DmaLoad{x, sb(0, 2, 32, 4)});                    // 2: input
    emit(kPe, LoadStationary{sb(0, 2, 0, 3)}, {{kIn, 3}});     // 3
    emit(kPe, Matmul{sb(0, 2, 32, 2), psum(3, 0, 2), false});  // 4
    emit(kPe, LoadStationary{sb(0, 2, 12, 3)});                // 5
    emit(kPe, Matmul{sb(0, 2, 40, 2), psum(3, 0, 2), true});   // 6
    Activate relu;
    relu.src = psum(3, 0, 2), relu.dst = sb(4, 3, 0, 2);
    relu.bias = ScalarOperand::per_partition(24, 0, DType::fp32);
    relu.function = ActFunction::relu;
    emit(kAct, relu, {{kPe, 4}});  // 7
    TensorScalar twice;
    twice.src = twice.dst = sb(4, 3, 0, 2);
    twice.op0 = AluOp::multiply, twice.scalar0 = ScalarOperand::immediate(2.0F);
    emit(kPool, twice, {{kAct, 1}});                                           // 8
    emit(kOut, DmaStore{sb(4, 3, 0, 2), dram(2, 0, 4, 2, 12)}, {{kPool, 1}});  // 9

    p.allocations = {{"W", Space::state_buffer, 0, 2, 0, 24, 0, 5, 0, Purpose::weights},
                     {"b", Space::state_buffer, 0, 3, 24, 4, 1, 7, 0, Purpose::constants},
                     {"x", Space::state_buffer, 0, 2, 32, 16, 2, 6, 0, Purpose::input},
                     {"acc", Space::psum, 0, 3, 0, 8, 4, 7, 0, Purpose::spill},
                     {"y", Space::state_buffer, 4, 3, 0, 8, 7, 9, 0, Purpose::output}};
    p.layers = {{"fc", "dense", 12, 48}};
    return p;
}

/// The same with static weights: no instruction loads them, and their bytes have one owner throughout.
inline program::Program static_tiny_program() {
    using namespace program;
    Program p = tiny_program();
    auto& loads = p.queues[kIn].instructions;
    p.static_loads = {std::get<DmaLoad>(loads[0].op)};
    loads.erase(loads.begin());
    for (Queue& q : p.queues)
        for (Instruction& i : q.instructions)
            for (int w = 0; w < i.waits.size(); ++w)
                if (i.waits.queue[w] == kIn) --i.waits.count[w];
    p.allocations[0].last_sequence = 9;
    return p;
}

}  // namespace infsim::testing
