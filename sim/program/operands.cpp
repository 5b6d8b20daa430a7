#include "program/operands.hpp"

namespace infsim::program {

std::optional<AccessPattern> scalar_pattern(const ScalarOperand& scalar, std::uint16_t lanes) {
    if (scalar.kind != ScalarOperand::Kind::per_partition) return std::nullopt;
    AccessPattern p;
    p.offset = scalar.offset;
    p.partition_start = scalar.partition_start;
    p.partition_count = lanes;
    p.dtype = scalar.dtype;
    return p;
}

namespace {

struct Collect {
    Accesses& out;

    void scalar(const ScalarOperand& s, const AccessPattern& lanes_of) const {
        if (const auto p = scalar_pattern(s, lanes_of.partition_count)) out.read(*p);
    }
    void dram(const DramPattern& p, const AccessPattern& on_chip, bool write) const {
        out.dram = DramAccess{p, on_chip.partition_count, dtype_bytes(on_chip.dtype), write};
    }

    void operator()(const LoadStationary& i) const { out.read(i.src); }
    void operator()(const Matmul& i) const {
        out.read(i.moving);
        out.write(i.dst);
        out.accumulates = i.accumulate;
    }
    void operator()(const Transpose& i) const { out.read(i.src), out.write(i.dst); }
    void operator()(const Activate& i) const {
        out.read(i.src);
        scalar(i.bias, i.src);
        out.write(i.dst);
    }
    void operator()(const TensorTensor& i) const {
        out.read(i.a), out.read(i.b);
        scalar(i.scalar, i.a);
        out.write(i.dst);
    }
    void operator()(const TensorScalar& i) const {
        out.read(i.src);
        scalar(i.scalar0, i.src), scalar(i.scalar1, i.src);
        out.write(i.dst);
    }
    void operator()(const Reduce& i) const { out.read(i.src), out.write(i.dst); }
    void operator()(const Memset& i) const { out.write(i.dst); }
    void operator()(const DmaLoad& i) const { dram(i.src, i.dst, false), out.write(i.dst); }
    void operator()(const DmaStore& i) const { out.read(i.src), dram(i.dst, i.src, true); }
    void operator()(const DmaCopy& i) const { out.read(i.src), out.write(i.dst); }
    void operator()(const DmaGather& i) const {
        out.read(i.index);
        out.dram = DramAccess{i.table, i.table_rows, dtype_bytes(i.dst.dtype), false};
        out.write(i.dst);
    }
    void operator()(const Sync&) const {}
};

struct EngineOf {
    using Result = std::optional<Engine>;
    Result operator()(const LoadStationary&) const { return Engine::pe; }
    Result operator()(const Matmul&) const { return Engine::pe; }
    Result operator()(const Transpose&) const { return Engine::pe; }
    Result operator()(const Activate&) const { return Engine::act; }
    Result operator()(const TensorTensor&) const { return Engine::pool; }
    Result operator()(const TensorScalar&) const { return Engine::pool; }
    Result operator()(const Reduce&) const { return Engine::pool; }
    Result operator()(const Memset&) const { return Engine::pool; }
    Result operator()(const DmaLoad&) const { return Engine::dma; }
    Result operator()(const DmaStore&) const { return Engine::dma; }
    Result operator()(const DmaCopy&) const { return Engine::dma; }
    Result operator()(const DmaGather&) const { return Engine::dma; }
    Result operator()(const Sync&) const { return std::nullopt; }
};

struct Mnemonic {
    const char* operator()(const LoadStationary&) const { return "load_stationary"; }
    const char* operator()(const Matmul&) const { return "matmul"; }
    const char* operator()(const Transpose&) const { return "transpose"; }
    const char* operator()(const Activate&) const { return "activate"; }
    const char* operator()(const TensorTensor&) const { return "tensor_tensor"; }
    const char* operator()(const TensorScalar&) const { return "tensor_scalar"; }
    const char* operator()(const Reduce&) const { return "reduce"; }
    const char* operator()(const Memset&) const { return "memset"; }
    const char* operator()(const DmaLoad&) const { return "dma_load"; }
    const char* operator()(const DmaStore&) const { return "dma_store"; }
    const char* operator()(const DmaCopy&) const { return "dma_copy"; }
    const char* operator()(const DmaGather&) const { return "dma_gather"; }
    const char* operator()(const Sync&) const { return "sync"; }
};

}  // namespace

Accesses accesses(const Operation& op) {
    Accesses out;
    std::visit(Collect{out}, op);
    return out;
}

std::optional<Engine> engine_of(const Operation& op) { return std::visit(EngineOf{}, op); }
const char* mnemonic(const Operation& op) { return std::visit(Mnemonic{}, op); }

}  // namespace infsim::program
