#include <catch2/catch.hpp>

#include "exec/segments.hpp"
#include "one_op.hpp"

using namespace infsim;
using namespace infsim::program;
using infsim::testing::get;
using infsim::testing::kPsum;
using infsim::testing::kSb;
using infsim::testing::OneOp;
using infsim::testing::put;
using infsim::testing::row;
using Values = std::vector<double>;

TEST_CASE("a pattern walks its dimensions outermost first and repeats where the step is 0") {
    OneOp one;
    auto s = one.state();
    put(s, row(kSb, 1, 1, 0, 6), {0, 1, 2, 3, 4, 5});
    AccessPattern p = row(kSb, 1, 1, 4, 2);
    p.count = {1, 2, 2, 2}, p.step = {0, 0, 3, 1};
    CHECK(get(s, p) == Values{1, 2, 4, 5, 1, 2, 4, 5});
    p.count = {1, 1, 2, 2}, p.step = {0, 0, 1, 2};
    CHECK(get(s, p) == Values{1, 3, 2, 4});
}

TEST_CASE("matmul accumulates in fp32 into PSUM, one partition per column") {
    OneOp one;
    const auto weights = row(kSb, 2, 2, 0, 3, DType::fp16), moving = row(kSb, 2, 2, 8, 2, DType::fp16);
    const auto dst = row(kPsum, 0, 3, 4, 2);
    one.add(LoadStationary{weights});
    one.add(Matmul{moving, dst, false});
    one.add(Matmul{moving, dst, true});
    auto s = one.state();
    put(s, weights, {1, 2, 3, 4, 5, 6});
    put(s, moving, {1, 10, 2, 20});
    put(s, dst, {7, 7, 7, 7, 7, 7});  // must not survive the first matmul
    run_serial(one.program, s);
    CHECK(get(s, dst) == Values{18, 180, 24, 240, 30, 300});
}

TEST_CASE("transpose turns partitions into elements") {
    OneOp one;
    const auto src = row(kSb, 1, 3, 0, 2, DType::bf16), dst = row(kPsum, 0, 2, 0, 3);
    one.add(Transpose{src, dst});
    auto s = one.state();
    put(s, src, {1, 2, 3, 4, 5, 6});
    run_serial(one.program, s);
    CHECK(get(s, dst) == Values{1, 3, 5, 2, 4, 6});
}

TEST_CASE("activate scales, adds a bias per lane, shifts partitions and rounds") {
    OneOp one;
    Activate a;
    a.src = row(kPsum, 0, 2, 0, 2), a.dst = row(kSb, 4, 2, 0, 2, DType::fp16);
    a.bias = ScalarOperand::per_partition(32, 1, DType::fp32);
    a.scale = 2.0F, a.function = ActFunction::relu;
    one.add(a);
    auto s = one.state();
    put(s, a.src, {1, -5, 2048.5, 0});
    put(s, row(kSb, 1, 2, 32, 1), {3, 0});
    run_serial(one.program, s);
    CHECK(get(s, a.dst) == Values{5, 0, 4096, 0});  // 4097 lies between 4096 and 4100: to even
}

TEST_CASE("tensor-tensor applies its scalar first, then the operation, then ReLU") {
    OneOp one;
    TensorTensor t;
    t.a = row(kPsum, 0, 2, 0, 2), t.b = row(kSb, 2, 2, 0, 2), t.dst = row(kSb, 4, 2, 0, 2);
    t.scalar = ScalarOperand::per_partition(16, 6, DType::fp32), t.scalar_op = AluOp::multiply;
    t.op = AluOp::subtract, t.relu = true;
    one.add(t);
    auto s = one.state();
    put(s, t.a, {1, 2, 3, 4});
    put(s, t.b, {5, 5, 5, 5});
    put(s, row(kSb, 6, 2, 16, 1), {10, 1});
    run_serial(one.program, s);
    CHECK(get(s, t.dst) == Values{5, 15, 0, 0});
}

TEST_CASE("tensor-scalar chains two operations and copies without any") {
    OneOp one;
    TensorScalar t;
    t.src = row(kSb, 0, 2, 0, 2), t.dst = row(kSb, 0, 2, 8, 2);
    t.op0 = AluOp::reverse_subtract, t.scalar0 = ScalarOperand::immediate(1.0F);
    t.op1 = AluOp::max, t.scalar1 = ScalarOperand::immediate(0.0F);
    one.add(t);
    TensorScalar cast;
    cast.src = t.dst, cast.dst = row(kSb, 4, 2, 0, 2, DType::i32);
    one.add(cast);
    auto s = one.state();
    put(s, t.src, {0.25, 3, -1.75, 1});
    run_serial(one.program, s);
    CHECK(get(s, t.dst) == Values{0.75, 0, 2.75, 0});
    CHECK(get(s, cast.dst) == Values{0, 0, 2, 0});
}

TEST_CASE("integers beyond the precision of fp32 keep their value") {
    OneOp one;
    TensorScalar t;
    t.src = t.dst = row(kSb, 0, 1, 0, 1, DType::i32);
    t.op0 = AluOp::add, t.scalar0 = ScalarOperand::immediate(1.0F);
    one.add(t);
    TensorScalar copy;
    copy.src = row(kSb, 1, 1, 0, 1, DType::i64), copy.dst = row(kSb, 2, 1, 0, 1, DType::i64);
    one.add(copy);
    auto s = one.state();
    put(s, t.src, {16777216});
    const std::int64_t big = (std::int64_t{1} << 60) + 1;
    std::memcpy(s.memory.state_buffer.data() + 64, &big, sizeof big);
    run_serial(one.program, s);
    CHECK(get(s, t.dst) == Values{16777217});
    CHECK(std::memcmp(s.memory.state_buffer.data() + 128, &big, sizeof big) == 0);
}

TEST_CASE("reduce folds the innermost dimensions and scales") {
    OneOp one;
    Reduce mean;
    mean.src = row(kSb, 0, 2, 0, 6), mean.dst = row(kSb, 0, 2, 32, 2);
    mean.src.count = {1, 2, 1, 3}, mean.src.step = {0, 3, 0, 1};
    mean.reduced_dims = 2, mean.scale = 0.5F;
    one.add(mean);
    Reduce top = mean;
    top.op = AluOp::max, top.scale = 1.0F, top.dst.offset = 48;
    one.add(top);
    auto s = one.state();
    put(s, row(kSb, 0, 2, 0, 6), {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6});
    run_serial(one.program, s);
    CHECK(get(s, mean.dst) == Values{3, 7.5, -3, -7.5});
    CHECK(get(s, top.dst) == Values{3, 6, -1, -4});
}

TEST_CASE("memset writes its pattern and nothing beside it") {
    OneOp one;
    Memset m{row(kSb, 1, 2, 4, 2), 1.5F};
    m.dst.step[3] = 2;
    one.add(m);
    auto s = one.state();
    run_serial(one.program, s);
    CHECK(get(s, row(kSb, 0, 4, 0, 4)) == Values{0, 0, 0, 0, 0, 1.5, 0, 1.5, 0, 1.5, 0, 1.5, 0, 0, 0, 0});
}

TEST_CASE("DMA moves bytes between DRAM and partitions, and between partitions") {
    OneOp one;
    one.program.segments = {{"in", Purpose::input, DType::i32, 0, 0, 32, {"in"}, {}},
                            {"out", Purpose::output, DType::i32, 0, 32, 16, {"out"}, {}}};
    DramPattern from;
    from.offset = 4, from.partition_step = 12, from.count[3] = 2, from.step[3] = 8;
    const auto there = row(kSb, 0, 2, 0, 2, DType::i32), copied = row(kSb, 5, 2, 8, 2, DType::i32);
    DramPattern to;
    to.segment = 1, to.partition_step = 4, to.count[3] = 2, to.step[3] = 8;
    one.add(DmaLoad{from, there});
    one.add(DmaCopy{there, copied});
    one.add(DmaStore{copied, to});
    auto s = one.state();
    const std::vector<std::int32_t> input{0, 1, 2, 3, 4, 5, 6, 7};
    s.memory.dram[0] =
        exec::fill_input(one.program.segments[0], DType::i32, reinterpret_cast<const std::byte*>(input.data()), 8);
    run_serial(one.program, s);
    CHECK(get(s, there) == Values{1, 3, 4, 6});
    const auto out = exec::read_output(one.program.segments[1], s.memory.dram[1], DType::i32);
    std::vector<std::int32_t> values(4);
    std::memcpy(values.data(), out.data(), out.size());
    CHECK(values == std::vector<std::int32_t>{1, 4, 3, 6});
}

TEST_CASE("gather takes rows by index and refuses an index outside its table") {
    OneOp one;
    one.program.segments = {{"table", Purpose::constants, DType::fp32, 0, 0, 24, {"t"}, {}}};
    RecipeBox box;
    box.count[5] = 6, box.segment_step[5] = 4, box.tensor_step[5] = 1;
    one.program.segments[0].recipe = {box};
    DmaGather g;
    g.index = row(kSb, 0, 3, 32, 1, DType::i32), g.dst = row(kSb, 4, 3, 0, 2);
    g.table.partition_step = 8, g.table.count[3] = 2, g.table.step[3] = 4, g.table_rows = 3;
    one.add(g);
    auto s = one.state();
    const std::vector<float> table{1, 2, 3, 4, 5, 6};
    s.memory.dram[0] = exec::fill_segment(one.program.segments[0], {{table.data(), 6}});
    put(s, g.index, {2, 0, 2});
    run_serial(one.program, s);
    CHECK(get(s, g.dst) == Values{5, 6, 1, 2, 5, 6});
    for (double wrong : {3.0, -1.0}) {
        put(s, g.index, {0, wrong, 0});
        try {
            run_serial(one.program, s);
            FAIL("an index outside the table");
        } catch (const exec::DataFault& f) {
            CHECK(f.kind == exec::FaultKind::gather_index);
        }
    }
}

TEST_CASE("recipes place elements, convert them, fill literals, and leave zeros elsewhere") {
    Segment s{"w", Purpose::weights, DType::fp16, 0, 0, 20, {"a"}, {}};
    RecipeBox transposed;  // [2][3] of the tensor column by column, every element 2 bytes further
    transposed.count = {1, 1, 1, 1, 3, 2}, transposed.segment_step = {0, 0, 0, 0, 4, 2},
    transposed.tensor_step = {0, 0, 0, 0, 1, 3};
    RecipeBox ones;
    ones.tensor = kLiteral, ones.literal = 1.0F, ones.segment_offset = 16;
    RecipeBox backwards;
    backwards.segment_offset = 12, backwards.tensor_offset = 5, backwards.count[5] = 2;
    backwards.segment_step[5] = 2, backwards.tensor_step[5] = -4;
    s.recipe = {transposed, ones, backwards};
    const std::vector<float> a{1, 2, 3, 4, 5, 2049};
    const auto bytes = exec::fill_segment(s, {{a.data(), 6}});
    std::vector<double> values(10);
    load_elements(DType::fp16, bytes.data(), 1, 10, values.data());
    CHECK(values == Values{1, 4, 2, 5, 3, 2048, 2048, 2, 1, 0});
    s.recipe[0].count[4] = 4;
    CHECK_THROWS_AS(exec::fill_segment(s, {{a.data(), 6}}), InternalError);
}

TEST_CASE("operands that leave memory or do not fit each other are faults, not crashes") {
    const auto kind_of = [](Operation op) {
        OneOp one;
        one.add(std::move(op));
        auto s = one.state();
        try {
            run_serial(one.program, s);
        } catch (const exec::DataFault& f) {
            return f.kind;
        }
        FAIL("no fault");
        return exec::FaultKind::gather_index;
    };
    CHECK(kind_of(Memset{row(kSb, 7, 2, 0, 1), 0}) == exec::FaultKind::out_of_bounds);
    CHECK(kind_of(Memset{row(kSb, 0, 1, 60, 2), 0}) == exec::FaultKind::out_of_bounds);
    CHECK(kind_of(DmaLoad{DramPattern{}, row(kSb, 0, 1, 0, 1)}) == exec::FaultKind::out_of_bounds);
    CHECK(kind_of(DmaCopy{row(kSb, 0, 1, 0, 1), row(kSb, 1, 1, 0, 2)}) == exec::FaultKind::shape);
    CHECK(kind_of(Matmul{row(kSb, 0, 1, 0, 1), row(kPsum, 0, 1, 0, 1), false}) == exec::FaultKind::shape);
}
