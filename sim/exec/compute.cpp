#include "exec/compute.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/elements.hpp"
#include "exec/functions.hpp"
#include "exec/gemm.hpp"

namespace infsim::exec {

using namespace program;

namespace {

/// Arithmetic is in fp32 unless an operand holds what fp32 cannot.
bool needs_double(DType t) { return t == DType::i32 || t == DType::i64 || t == DType::fp64; }

template <class T>
std::vector<T> loaded(const Memory& memory, const AccessPattern& p) {
    std::vector<T> values(static_cast<std::size_t>(elements(p) * p.partition_count));
    load(memory, p, values.data());
    return values;
}

template <class T>
std::vector<std::byte> packed(DType dtype, const std::vector<T>& values) {
    std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(dtype_bytes(dtype)));
    store_elements(dtype, values.data(), static_cast<std::int64_t>(values.size()), bytes.data(), 1);
    return bytes;
}

std::vector<std::byte> raw(const Memory& memory, const AccessPattern& p) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(total_bytes(p)));
    gather(memory, p, bytes.data());
    return bytes;
}

/// values[lane][i] = values[lane][i] op scalar, with one scalar for all lanes or one per lane.
template <class T>
void apply_scalar(const Memory& memory, AluOp op, const ScalarOperand& scalar, std::uint16_t lanes,
                  std::vector<T>& values) {
    if (op == AluOp::none) return;
    const std::int64_t n = static_cast<std::int64_t>(values.size()) / lanes;
    std::vector<T> per_lane(lanes, scalar.kind == ScalarOperand::Kind::immediate ? static_cast<T>(scalar.value) : T{0});
    if (const auto p = scalar_pattern(scalar, lanes)) load(memory, *p, per_lane.data());
    for (int lane = 0; lane < lanes; ++lane) apply(op, values.data() + lane * n, &per_lane[lane], 0, n);
}

struct Compute {
    ExecState& state;
    Effect& effect;
    const Memory& memory = state.memory;

    void operator()(const LoadStationary& i) const {
        state.stationary = {i.src.partition_start, i.src.partition_count, static_cast<int>(elements(i.src)),
                            std::move(state.stationary.values)};
        state.stationary.values.resize(static_cast<std::size_t>(elements(i.src) * i.src.partition_count));
        load(memory, i.src, state.stationary.values.data());
    }

    void operator()(const Matmul& i) const {
        const auto moving = loaded<float>(memory, i.moving);
        const int n = static_cast<int>(elements(i.moving));
        effect.sums.resize(static_cast<std::size_t>(state.stationary.columns) * static_cast<std::size_t>(n));
        multiply(state.stationary.values.data(), moving.data(), effect.sums.data(), state.stationary.rows,
                 state.stationary.columns, n);
    }

    void operator()(const Transpose& i) const {
        state.stationary = {};
        const auto src = loaded<float>(memory, i.src);
        const std::int64_t k = i.src.partition_count, n = elements(i.src);
        std::vector<float> dst(src.size());
        for (std::int64_t row = 0; row < k; ++row)
            for (std::int64_t column = 0; column < n; ++column) dst[column * k + row] = src[row * n + column];
        effect.bytes = packed(i.dst.dtype, dst);
    }

    template <class T>
    void activate(const Activate& i) const {
        auto x = loaded<T>(memory, i.src);
        const T scale = static_cast<T>(i.scale);
        if (i.scale != 1.0F) apply(AluOp::multiply, x.data(), &scale, 0, static_cast<std::int64_t>(x.size()));
        if (i.bias.kind != ScalarOperand::Kind::none)
            apply_scalar(memory, AluOp::add, i.bias, i.src.partition_count, x);
        apply(i.function, x.data(), static_cast<std::int64_t>(x.size()));
        effect.bytes = packed(i.dst.dtype, x);
    }
    void operator()(const Activate& i) const {
        const bool wide = needs_double(i.src.dtype) || needs_double(i.dst.dtype) ||
                          (i.bias.kind == ScalarOperand::Kind::per_partition && needs_double(i.bias.dtype));
        wide ? activate<double>(i) : activate<float>(i);
    }

    template <class T>
    void tensor_tensor(const TensorTensor& i) const {
        auto a = loaded<T>(memory, i.a);
        const auto b = loaded<T>(memory, i.b);
        const auto n = static_cast<std::int64_t>(a.size());
        apply_scalar(memory, i.scalar_op, i.scalar, i.a.partition_count, a);
        apply(i.op, a.data(), b.data(), 1, n);
        if (i.relu) apply(ActFunction::relu, a.data(), n);
        effect.bytes = packed(i.dst.dtype, a);
    }
    void operator()(const TensorTensor& i) const {
        const bool wide = needs_double(i.a.dtype) || needs_double(i.b.dtype) || needs_double(i.dst.dtype);
        wide ? tensor_tensor<double>(i) : tensor_tensor<float>(i);
    }

    template <class T>
    void tensor_scalar(const TensorScalar& i) const {
        auto x = loaded<T>(memory, i.src);
        apply_scalar(memory, i.op0, i.scalar0, i.src.partition_count, x);
        apply_scalar(memory, i.op1, i.scalar1, i.src.partition_count, x);
        effect.bytes = packed(i.dst.dtype, x);
    }
    void operator()(const TensorScalar& i) const {
        if (i.op0 == AluOp::none && i.op1 == AluOp::none && i.src.dtype == i.dst.dtype) {
            effect.bytes = raw(memory, i.src);  // a copy keeps every bit, even of NaN and large i64
            return;
        }
        needs_double(i.src.dtype) || needs_double(i.dst.dtype) ? tensor_scalar<double>(i) : tensor_scalar<float>(i);
    }

    template <class T>
    void reduce(const Reduce& i) const {
        const auto x = loaded<T>(memory, i.src);
        std::int64_t group = 1;
        for (int d = kAccessDims - i.reduced_dims; d < kAccessDims; ++d) group *= i.src.count[d];
        std::vector<T> out(x.size() / static_cast<std::size_t>(group));
        for (std::size_t o = 0; o < out.size(); ++o) {
            const T* values = x.data() + static_cast<std::int64_t>(o) * group;
            out[o] = values[0];
            for (std::int64_t j = 1; j < group; ++j) apply(i.op, &out[o], values + j, 0, 1);
        }
        const T scale = static_cast<T>(i.scale);
        if (i.scale != 1.0F) apply(AluOp::multiply, out.data(), &scale, 0, static_cast<std::int64_t>(out.size()));
        effect.bytes = packed(i.dst.dtype, out);
    }
    void operator()(const Reduce& i) const {
        needs_double(i.src.dtype) || needs_double(i.dst.dtype) ? reduce<double>(i) : reduce<float>(i);
    }

    void operator()(const Memset& i) const {
        effect.bytes =
            packed(i.dst.dtype,
                   std::vector<float>(static_cast<std::size_t>(elements(i.dst) * i.dst.partition_count), i.value));
    }

    void operator()(const DmaLoad& i) const {
        effect.bytes.resize(static_cast<std::size_t>(total_bytes(i.dst)));
        effect.dram = rows_of(*accesses(i).dram);
    }
    void operator()(const DmaStore& i) const {
        effect.bytes = raw(memory, i.src);
        effect.dram = rows_of(*accesses(i).dram);
    }
    void operator()(const DmaCopy& i) const { effect.bytes = raw(memory, i.src); }

    void operator()(const DmaGather& i) const {
        effect.bytes.resize(static_cast<std::size_t>(total_bytes(i.dst)));
        effect.dram = DramRows{i.table, dtype_bytes(i.dst.dtype), {}};
        for (double row : loaded<double>(memory, i.index))  // already checked
            effect.dram->starts.push_back(static_cast<std::int64_t>(row) * i.table.partition_step);
    }
    void operator()(const Sync&) const {}
};

/// Empty if the operands fit; otherwise says what does not.
struct Fits {
    const ExecState& state;

    static std::string same(const AccessPattern& a, const AccessPattern& b) {
        if (a.partition_count == b.partition_count && elements(a) == elements(b)) return {};
        return fmt::format("{} x {} elements against {} x {}", a.partition_count, elements(a), b.partition_count,
                           elements(b));
    }
    static std::string same(const DramPattern& a, const AccessPattern& b) {
        if (elements(a) == elements(b)) return {};
        return fmt::format("{} elements in DRAM against {} on chip", elements(a), elements(b));
    }
    std::string operator()(const LoadStationary&) const { return {}; }
    std::string operator()(const Matmul& i) const {
        const Stationary& s = state.stationary;
        if (s.first_row != i.moving.partition_start || s.rows != i.moving.partition_count)
            return fmt::format("moving partitions {}+{} against stationary rows {}+{}", i.moving.partition_start,
                               i.moving.partition_count, s.first_row, s.rows);
        if (i.dst.partition_count != s.columns || elements(i.dst) != elements(i.moving))
            return fmt::format("destination {} x {} against {} columns x {} moving", i.dst.partition_count,
                               elements(i.dst), s.columns, elements(i.moving));
        return {};
    }
    std::string operator()(const Transpose& i) const {
        if (i.dst.partition_count == elements(i.src) && elements(i.dst) == i.src.partition_count) return {};
        return "destination is not the transposed source";
    }
    std::string operator()(const Activate& i) const { return same(i.src, i.dst); }
    std::string operator()(const TensorTensor& i) const {
        const std::string b = same(i.a, i.b);
        return b.empty() ? same(i.a, i.dst) : b;
    }
    std::string operator()(const TensorScalar& i) const { return same(i.src, i.dst); }
    std::string operator()(const Reduce& i) const {
        std::int64_t kept = 1;
        for (int d = 0; d < kAccessDims - i.reduced_dims; ++d) kept *= i.src.count[d];
        if (i.reduced_dims <= kAccessDims && kept == elements(i.dst) && i.src.partition_count == i.dst.partition_count)
            return {};
        return "destination does not have the kept dimensions of the source";
    }
    std::string operator()(const Memset&) const { return {}; }
    std::string operator()(const DmaLoad& i) const { return same(i.src, i.dst); }
    std::string operator()(const DmaStore& i) const { return same(i.dst, i.src); }
    std::string operator()(const DmaCopy& i) const {
        return i.src.dtype == i.dst.dtype ? same(i.src, i.dst) : "element types differ";
    }
    std::string operator()(const DmaGather& i) const {
        if (elements(i.index) != 1 || i.index.partition_count != i.dst.partition_count)
            return "index needs one element per destination partition";
        return same(i.table, i.dst);
    }
    std::string operator()(const Sync&) const { return {}; }
};

}  // namespace

void check_operands(const Program& program, InstructionId id, const ExecState& state) {
    const Operation& op = at(program, id).op;
    const Accesses all = accesses(op);
    for (const auto& access : all)
        if (!inside(state.memory, access.pattern))
            fault(FaultKind::out_of_bounds, program, id,
                  fmt::format("partitions {}+{}, bytes [{}, {})", access.pattern.partition_start,
                              access.pattern.partition_count, access.pattern.offset, end_offset(access.pattern)));
    if (all.dram && !inside(state.memory, *all.dram))
        fault(FaultKind::out_of_bounds, program, id, fmt::format("segment {}", all.dram->pattern.segment));
    const std::string misfit = std::visit(Fits{state}, op);
    if (!misfit.empty()) fault(FaultKind::shape, program, id, misfit);
}

void compute(const Program& program, InstructionId id, ExecState& state, Effect& effect) {
    const Operation& op = at(program, id).op;
    if (const auto* g = std::get_if<DmaGather>(&op))
        for (double index : loaded<double>(state.memory, g->index))
            if (index < 0 || index >= g->table_rows)
                fault(FaultKind::gather_index, program, id, fmt::format("{} of {} rows", index, g->table_rows));
    std::visit(Compute{state, effect}, op);
}

}  // namespace infsim::exec
