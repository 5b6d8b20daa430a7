#include "program/text_operations.hpp"

#include "program/names.hpp"

namespace infsim::program {
namespace {

AccessPattern scan_pattern(Scan& s) {
    AccessPattern p;
    p.space = s.named(parse_space, "'sb' or 'psum'");
    s.expect("[");
    p.partition_start = s.integer<std::uint16_t>();
    s.expect("+");
    p.partition_count = s.integer<std::uint16_t>();
    s.expect("]@");
    p.offset = s.integer<std::uint32_t>();
    s.expect(":");
    p.dtype = s.named(parse_dtype, "an element type");
    scan_dims(s, p.count, p.step);
    return p;
}

DramPattern scan_dram(Scan& s) {
    DramPattern p;
    s.expect("dram[");
    p.segment = s.integer<std::uint32_t>();
    s.expect("]@");
    p.offset = s.integer<std::uint32_t>();
    s.expect("+");
    p.partition_step = s.integer<std::uint32_t>();
    scan_dims(s, p.count, p.step);
    return p;
}

/// " key=pattern"
AccessPattern pattern(Scan& s, const char* key) {
    s.expect(std::string(" ") + key + "=");
    return scan_pattern(s);
}

/// " key=..." or nothing.
ScalarOperand scalar(Scan& s, const char* key) {
    if (!s.accept(std::string(" ") + key + "=")) return {};
    if (!s.accept("sb[")) return ScalarOperand::immediate(s.number());
    const auto partition = s.integer<std::uint16_t>();
    s.expect("]@");
    const auto offset = s.integer<std::uint32_t>();
    s.expect(":");
    return ScalarOperand::per_partition(offset, partition, s.named(parse_dtype, "an element type"));
}

float number(Scan& s, const char* key) {
    s.expect(std::string(" ") + key + "=");
    return s.number();
}

AluOp alu(Scan& s, const char* key) {
    s.expect(std::string(" ") + key + "=");
    return s.named(parse_alu_op, "an ALU operation");
}

// Operands are read in text order, which differs from the order of the struct's members.
Operation scan_activate(Scan& s) {
    Activate i;
    i.dst = pattern(s, "dst"), i.src = pattern(s, "src");
    s.expect(" function=");
    i.function = s.named(parse_act_function, "an ACT function");
    i.scale = number(s, "scale");
    i.bias = scalar(s, "bias");
    return i;
}
Operation scan_tensor_tensor(Scan& s) {
    TensorTensor i;
    i.dst = pattern(s, "dst"), i.a = pattern(s, "a"), i.b = pattern(s, "b");
    i.scalar_op = alu(s, "scalar_op"), i.op = alu(s, "op");
    i.scalar = scalar(s, "scalar");
    i.relu = s.accept(" relu");
    return i;
}
Operation scan_tensor_scalar(Scan& s) {
    TensorScalar i;
    i.dst = pattern(s, "dst"), i.src = pattern(s, "src");
    i.op0 = alu(s, "op0"), i.op1 = alu(s, "op1");
    i.scalar0 = scalar(s, "scalar0"), i.scalar1 = scalar(s, "scalar1");
    return i;
}
Operation scan_reduce(Scan& s) {
    Reduce i;
    i.dst = pattern(s, "dst"), i.src = pattern(s, "src");
    i.op = alu(s, "op");
    s.expect(" dims=");
    i.reduced_dims = s.integer<std::uint8_t>();
    i.scale = number(s, "scale");
    return i;
}
Operation scan_gather(Scan& s) {
    DmaGather i;
    i.dst = pattern(s, "dst"), i.index = pattern(s, "index");
    s.expect(" table=");
    i.table = scan_dram(s);
    s.expect(" rows=");
    i.table_rows = s.integer<std::uint32_t>();
    return i;
}

}  // namespace

Operation scan_operation(Scan& s) {
    const Scan before = s;
    const std::string_view op = s.word();
    if (op == "load_stationary") return LoadStationary{pattern(s, "src")};
    if (op == "matmul") {
        Matmul i;
        i.dst = pattern(s, "dst"), i.moving = pattern(s, "moving");
        i.accumulate = s.accept(" accumulate");
        return i;
    }
    if (op == "activate") return scan_activate(s);
    if (op == "tensor_tensor") return scan_tensor_tensor(s);
    if (op == "tensor_scalar") return scan_tensor_scalar(s);
    if (op == "reduce") return scan_reduce(s);
    if (op == "dma_gather") return scan_gather(s);
    if (op == "sync") return Sync{};
    if (op == "memset") {
        Memset i;
        i.dst = pattern(s, "dst");
        i.value = number(s, "value");
        return i;
    }
    if (op == "dma_load") {
        DmaLoad i;
        i.dst = pattern(s, "dst");
        s.expect(" src=");
        i.src = scan_dram(s);
        return i;
    }
    if (op == "dma_store") {
        DmaStore i;
        s.expect(" dst=");
        i.dst = scan_dram(s);
        i.src = pattern(s, "src");
        return i;
    }
    if (op == "dma_copy" || op == "transpose") {
        const AccessPattern dst = pattern(s, "dst");
        const AccessPattern src = pattern(s, "src");
        if (op == "transpose") return Transpose{src, dst};
        return DmaCopy{src, dst};
    }
    before.fail("an instruction");
}

}  // namespace infsim::program
