#include <catch2/catch.hpp>

#include <limits>
#include <sstream>

#include "base/problems.hpp"
#include "program/text.hpp"
#include "support/program_equal.hpp"
#include "support/tiny_program.hpp"

using namespace infsim::program;
using infsim::DType;
using infsim::InputError;
using infsim::testing::equal;
using infsim::testing::tiny_program;

namespace {

std::string text_of(const Program& p) {
    std::ostringstream out;
    write_text(p, out);
    return out.str();
}
Program read_back(const std::string& text) {
    std::istringstream in(text);
    return read_text(in, "p.txt");
}

/// A pattern with a different value in every field.
AccessPattern pattern(int n, Space space, DType dtype) {
    AccessPattern a;
    a.space = space, a.dtype = dtype;
    a.offset = static_cast<std::uint32_t>(1000 + n);
    a.partition_start = static_cast<std::uint16_t>(n), a.partition_count = static_cast<std::uint16_t>(100 + n);
    for (int d = 0; d < kAccessDims; ++d) {
        a.count[d] = static_cast<std::uint16_t>(d == 0 && n % 2 == 0 ? 1 : 2 + d);
        a.step[d] = static_cast<std::uint16_t>(d == 0 && n % 2 == 0 ? 0 : 60000 + 10 * d + n);
    }
    return a;
}
DramPattern dram(std::uint32_t n) { return {n, 4000000000U, 70000 + n, {1, 2, 3, 4000000001U}, {9, 8, 7, 6}}; }

/// Every instruction, function, operation, type and purpose, and names that could break a line.
Program everything() {
    Program p = tiny_program();
    p.model = "quote \" backslash \\ newline \n and 0\xC3\xA9";
    p.dtype = DType::bf16;
    p.segments[0].recipe[0].tensor_step[4] = -5;
    RecipeBox literal;
    literal.tensor = kLiteral, literal.literal = 0.1F, literal.segment_offset = 3;
    literal.count = {2, 3, 4, 5, 6, 7}, literal.segment_step = {1, 0, 0, 0, 0, 2};
    p.segments[3].recipe.push_back(literal);
    p.layers.push_back({"", "max pool", std::int64_t{1} << 40, 7});
    p.static_loads = {{dram(3), pattern(6, Space::state_buffer, DType::bf16)},
                      {dram(4), pattern(7, Space::state_buffer, DType::fp32)}};
    const auto sb = [](int n) { return pattern(n, Space::state_buffer, DType::fp16); };
    const auto psum = [](int n) { return pattern(n, Space::psum, DType::fp32); };
    std::vector<Operation> ops{Transpose{sb(1), psum(2)},
                               DmaCopy{sb(3), sb(4)},
                               DmaGather{sb(1), dram(2), sb(3), 77},
                               Memset{sb(5), -std::numeric_limits<float>::infinity()},
                               Sync{},
                               DmaStore{sb(1), dram(0)},
                               DmaLoad{dram(1), sb(2)},
                               Matmul{sb(1), psum(2), true},
                               LoadStationary{sb(9)}};
    for (int f = 0; f < static_cast<int>(kActFunctions.size()); ++f) {
        Activate a;
        a.src = psum(1), a.dst = sb(2), a.function = static_cast<ActFunction>(f), a.scale = 1.0F / 3.0F;
        a.bias = f % 2 == 0 ? ScalarOperand::immediate(1e-45F) : ScalarOperand::per_partition(12, 3, DType::bf16);
        ops.emplace_back(a);
    }
    for (int o = 0; o <= static_cast<int>(AluOp::logical_xor); ++o) {
        TensorTensor t;
        t.a = sb(1), t.b = sb(2), t.dst = sb(3), t.op = static_cast<AluOp>(o), t.scalar_op = AluOp::max,
        t.relu = o % 2 == 0;
        t.scalar = ScalarOperand::immediate(-0.5F);
        TensorScalar s;
        s.src = sb(1), s.dst = psum(2), s.op0 = static_cast<AluOp>(o), s.op1 = AluOp::add;
        s.scalar0 = ScalarOperand::per_partition(4, 5, DType::fp32), s.scalar1 = ScalarOperand::immediate(3e38F);
        ops.emplace_back(t), ops.emplace_back(s);
    }
    Reduce r;
    r.src = sb(1), r.dst = sb(2), r.op = AluOp::max, r.reduced_dims = 3, r.scale = 1.0F / 49.0F;
    ops.emplace_back(r);
    std::uint32_t sequence = 1000;
    for (Operation& op : ops) {
        Instruction i;
        i.op = op, i.sequence = sequence++, i.layer = 1, i.image = 65535;
        for (std::uint8_t w = 0; w < sequence % 5; ++w) i.waits.push({w, 4000000000U + w});
        p.queues[sequence % 5].instructions.push_back(i);
    }
    return p;
}

std::vector<std::string> problems(const std::string& text) {
    try {
        read_back(text);
    } catch (const InputError& e) {
        std::vector<std::string> list;
        for (const auto& p : e.problems()) list.push_back(to_text(p));
        return list;
    }
    FAIL("no problem found");
    return {};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an instruction reads like one") {
    const Program p = tiny_program();
    CHECK(instruction_line(p, {0, 3}) ==
          "q0 s6 l0 i0 | matmul dst=psum[0+3]@0:fp32(2*1) moving=sb[0+2]@40:fp32(2*1) accumulate");
    CHECK(instruction_line(p, {1, 0}) ==
          "q1 s7 l0 i0 | activate dst=sb[4+3]@0:fp32(2*1) src=psum[0+3]@0:fp32(2*1) function=relu scale=1 "
          "bias=sb[0]@24:fp32 | q0>=4");
    CHECK(instruction_line(p, {3, 2}) == "q3 s2 l0 i0 | dma_load dst=sb[0+2]@32:fp32(4*1) src=dram[1]@0+4(2*8,2*16)");
}

TEST_CASE("writing and reading gives an equal Program") {
    CHECK(equal(read_back(text_of(tiny_program())), tiny_program()));
    const Program p = everything();
    CHECK(equal(read_back(text_of(p)), p));
    CHECK(text_of(read_back(text_of(p))) == text_of(p));
}

TEST_CASE("the comparison that tests the text form sees differences") {
    Program p = everything();
    std::get<DmaLoad>(p.queues[3].instructions[0].op).src.step[3] ^= 1U;
    CHECK_FALSE(equal(everything(), p));
    p = everything();
    p.queues[2].instructions.back().waits.count[0] ^= 1U;
    CHECK_FALSE(equal(everything(), p));
}

TEST_CASE("mistakes are located by line and reported together") {
    std::string text = text_of(tiny_program());
    text = replaced(text, "purpose=weights", "purpose=wights");
    text = replaced(text, "function=relu", "function=rely");
    const auto list = problems(text);
    REQUIRE(list.size() == 2);
    CHECK(list[0] == "p.txt: line 4: expected a purpose, found 'wights dtype=fp32 region...'");
    CHECK(list[1] == "p.txt: line 32: expected an ACT function, found 'rely scale=1 bias=sb[0]@...'");
}

TEST_CASE("numbers that do not fit their field are refused") {
    const std::string text = text_of(tiny_program());
    CHECK(problems(replaced(text, "sb[4+3]", "sb[4+65536]"))[0].find("an integer from 0 to 65535") !=
          std::string::npos);
    CHECK(problems(replaced(text, "(6*1)", "(65536*1)"))[0].find("65535") != std::string::npos);
    CHECK(problems(replaced(text, "(6*1)", "(1*1,1*1,1*1,1*1,1*1)"))[0].find("at most 4") != std::string::npos);
    CHECK(problems(replaced(text, "| q3>=3", "| q3>=3 q3>=3 q3>=3 q3>=3 q3>=3"))[0].find("at most four") !=
          std::string::npos);
    CHECK(problems(replaced(text, "q4 s9", "q5 s9"))[0].find("one of the 5 queues") != std::string::npos);
}

TEST_CASE("a file that is cut anywhere is refused") {
    const std::string text = text_of(tiny_program());
    for (std::size_t length = 0; length + 1 < text.size(); length += 7) {
        INFO(length);
        CHECK_THROWS_AS(read_back(text.substr(0, length)), InputError);
    }
}

TEST_CASE("lines missing, added or of another kind are refused") {
    const std::string text = text_of(tiny_program());
    CHECK(problems("infsim-program 2\n")[0] == "p.txt: line 1: is not a Program file ('infsim-program 1')");
    CHECK(problems(replaced(text, "end 10", "end 11"))[0].find("the 10 instructions of this file") !=
          std::string::npos);
    CHECK(problems(text + "sync\n")[0].find("nothing after 'end'") != std::string::npos);
    CHECK(problems(replaced(text, "layer \"fc\"", "player \"fc\""))[0].find("a line of a Program file") !=
          std::string::npos);
    CHECK(problems("infsim-program 1\nbox to=0() from=0() tensor=0\nend 0\n")[0].find("a segment before") !=
          std::string::npos);
    CHECK(problems(replaced(text, "model \"tiny\"", "model \"tiny"))[0].find("closing quote") != std::string::npos);
    CHECK(problems(replaced(text, "model \"tiny\"", "model \"\\q\""))[0].find("\\xHH") != std::string::npos);
}

TEST_CASE("a file full of mistakes is given up after twenty") {
    std::string text = "infsim-program 1\n";
    for (int i = 0; i < 100; ++i) text += "nonsense\n";
    CHECK(problems(text).size() == 20);
}
