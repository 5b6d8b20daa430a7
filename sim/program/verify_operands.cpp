#include <fmt/format.h>

#include "program/runs.hpp"
#include "program/verify_parts.hpp"

namespace infsim::program {
namespace {

bool floating16(DType t) { return t == DType::fp16 || t == DType::bf16; }
bool pe_type(DType t) { return floating16(t) || t == DType::fp32; }

/// The stationary operand of the PE, following its queue.
struct Held {
    bool any = false;
    AccessPattern src;
};

/// Checks one instruction. Messages are formatted only if something is wrong: there are hundreds of thousands
/// of instructions.
struct Check {
    const Program& program;
    Findings& findings;
    Held& held;
    InstructionId id;
    const Target& t = program.target;

    template <class... Args>
    void require(bool good, FindingKind kind, const char* format, const Args&... args) const {
        if (!good) findings.add(kind, id, fmt::format(fmt::runtime(format), args...));
    }
    void same_shape(const AccessPattern& a, const AccessPattern& b, const char* what) const {
        require(a.partition_count == b.partition_count && elements(a) == elements(b), FindingKind::operand,
                "{}: {} x {} elements against {} x {}", what, int{a.partition_count}, elements(a),
                int{b.partition_count}, elements(b));
    }
    void space(const AccessPattern& p, Space s, const char* what) const {
        require(p.space == s, FindingKind::operand, "{} must lie in {}", what,
                s == Space::psum ? "PSUM" : "the state buffer");
    }
    void one_bank(const AccessPattern& p) const {
        require(t.psum_bank_bytes > 0 && p.offset / t.psum_bank_bytes == (end_offset(p) - 1) / t.psum_bank_bytes,
                FindingKind::bounds, "bytes [{}, {}) lie in more than one PSUM bank", p.offset, end_offset(p));
    }
    void rows(const AccessPattern& p) const {
        require(p.partition_count <= t.pe_rows, FindingKind::bounds, "{} of {} PE rows", int{p.partition_count},
                t.pe_rows);
    }
    void scalar(const ScalarOperand& s, AluOp op, const char* what) const {
        require((s.kind == ScalarOperand::Kind::none) == (op == AluOp::none), FindingKind::operand,
                "{}: an operation and its scalar come together", what);
    }

    void operator()(const LoadStationary& i) const {
        space(i.src, Space::state_buffer, "the stationary operand");
        require(pe_type(i.src.dtype), FindingKind::operand, "the PE takes no {}", dtype_name(i.src.dtype));
        rows(i.src);
        require(elements(i.src) <= t.pe_columns, FindingKind::bounds, "{} of {} PE columns", elements(i.src),
                t.pe_columns);
        held = {true, i.src};
    }
    void operator()(const Matmul& i) const {
        space(i.moving, Space::state_buffer, "the moving operand");
        space(i.dst, Space::psum, "the destination");
        require(pe_type(i.moving.dtype), FindingKind::operand, "the PE takes no {}", dtype_name(i.moving.dtype));
        require(i.dst.dtype == DType::fp32, FindingKind::operand, "a matmul accumulates in fp32, not in {}",
                dtype_name(i.dst.dtype));
        require(elements(i.moving) <= t.max_moving, FindingKind::bounds, "{} of {} moving elements", elements(i.moving),
                t.max_moving);
        require(elements(i.dst) == elements(i.moving), FindingKind::operand, "{} elements written, {} moving",
                elements(i.dst), elements(i.moving));
        require(i.dst.partition_start == 0, FindingKind::operand, "PE column 0 writes PSUM partition 0, not {}",
                int{i.dst.partition_start});
        one_bank(i.dst);
        require(held.any, FindingKind::stationary, "no stationary operand has been loaded");
        if (!held.any) return;
        require(held.src.partition_start == i.moving.partition_start &&
                    held.src.partition_count == i.moving.partition_count,
                FindingKind::stationary, "moving partitions {}+{} against stationary rows {}+{}",
                int{i.moving.partition_start}, int{i.moving.partition_count}, int{held.src.partition_start},
                int{held.src.partition_count});
        require(elements(held.src) == i.dst.partition_count, FindingKind::stationary,
                "{} destination partitions for {} columns", int{i.dst.partition_count}, elements(held.src));
        require(floating16(held.src.dtype) == floating16(i.moving.dtype), FindingKind::stationary,
                "{} moving against a stationary operand in {}", dtype_name(i.moving.dtype), dtype_name(held.src.dtype));
    }
    void operator()(const Transpose& i) const {
        space(i.src, Space::state_buffer, "the source");
        space(i.dst, Space::psum, "the destination");
        require(pe_type(i.src.dtype), FindingKind::operand, "the PE takes no {}", dtype_name(i.src.dtype));
        require(i.dst.dtype == DType::fp32 || i.dst.dtype == i.src.dtype, FindingKind::operand, "{} from {}",
                dtype_name(i.dst.dtype), dtype_name(i.src.dtype));
        rows(i.src);
        require(elements(i.src) <= t.pe_columns, FindingKind::bounds, "{} of {} PE columns", elements(i.src),
                t.pe_columns);
        require(i.dst.partition_count == elements(i.src) && elements(i.dst) == i.src.partition_count,
                FindingKind::operand, "{} x {} is not the transposed {} x {}", int{i.dst.partition_count},
                elements(i.dst), int{i.src.partition_count}, elements(i.src));
        require(i.dst.partition_start == 0, FindingKind::operand, "PE column 0 writes PSUM partition 0, not {}",
                int{i.dst.partition_start});
        one_bank(i.dst);
        held.any = false;
    }
    void operator()(const Activate& i) const { same_shape(i.src, i.dst, "source and destination"); }
    void operator()(const TensorTensor& i) const {
        same_shape(i.a, i.b, "operands");
        same_shape(i.a, i.dst, "source and destination");
        scalar(i.scalar, i.scalar_op, "scalar");
    }
    void operator()(const TensorScalar& i) const {
        same_shape(i.src, i.dst, "source and destination");
        scalar(i.scalar0, i.op0, "scalar 0");
        scalar(i.scalar1, i.op1, "scalar 1");
    }
    void operator()(const Reduce& i) const {
        require(i.reduced_dims >= 1 && i.reduced_dims <= kAccessDims, FindingKind::operand, "{} reduced dimensions",
                int{i.reduced_dims});
        require(i.op == AluOp::add || i.op == AluOp::max || i.op == AluOp::min || i.op == AluOp::multiply,
                FindingKind::operand, "operation {} does not reduce", static_cast<int>(i.op));
        std::int64_t kept = 1;
        for (int d = 0; d < kAccessDims - i.reduced_dims; ++d) kept *= i.src.count[d];
        require(kept == elements(i.dst) && i.src.partition_count == i.dst.partition_count, FindingKind::operand,
                "{} x {} elements written, {} x {} kept", int{i.dst.partition_count}, elements(i.dst),
                int{i.src.partition_count}, kept);
    }
    void operator()(const Memset&) const {}
    void dma(const AccessPattern& on_chip, const DramPattern& dram) const {
        space(on_chip, Space::state_buffer, "the on-chip side of a DMA");
        require(elements(on_chip) == elements(dram), FindingKind::operand, "{} elements on chip, {} in DRAM",
                elements(on_chip), elements(dram));
    }
    void operator()(const DmaLoad& i) const { dma(i.dst, i.src); }
    void operator()(const DmaStore& i) const {
        dma(i.src, i.dst);
        if (i.dst.segment >= program.segments.size()) return;  // reported with the bounds
        const Segment& s = program.segments[i.dst.segment];
        require(is_written(s.purpose), FindingKind::read_only, "segment '{}' is not written by Programs", s.name);
    }
    void operator()(const DmaCopy& i) const {
        space(i.src, Space::state_buffer, "the source"), space(i.dst, Space::state_buffer, "the destination");
        same_shape(i.src, i.dst, "source and destination");
        require(i.src.dtype == i.dst.dtype, FindingKind::operand, "a DMA cannot convert {} to {}",
                dtype_name(i.src.dtype), dtype_name(i.dst.dtype));
    }
    void operator()(const DmaGather& i) const {
        dma(i.dst, i.table);
        space(i.index, Space::state_buffer, "the index");
        require(
            i.index.dtype == DType::i32 && elements(i.index) == 1 && i.index.partition_count == i.dst.partition_count,
            FindingKind::operand, "the index is one i32 per destination partition");
        require(i.table_rows > 0, FindingKind::operand, "an empty table");
    }
    void operator()(const Sync&) const {}

    /// Returns whether the access may be looked up in memory.
    bool bounds(const OnChipAccess& access) const {
        const AccessPattern& p = access.pattern;
        const bool psum = p.space == Space::psum;
        const int partitions = psum ? t.psum_partitions : t.sb_partitions;
        const std::int64_t bytes = psum ? t.psum_banks * t.psum_bank_bytes : t.sb_partition_bytes;
        const bool some = p.partition_count > 0 && elements(p) > 0;
        require(some, FindingKind::operand, "an operand of {} x {} elements", int{p.partition_count}, elements(p));
        const bool in = some && p.partition_start + p.partition_count <= partitions && end_offset(p) <= bytes;
        require(in || !some, FindingKind::bounds, "partitions {}+{} of {}, bytes [{}, {}) of {}",
                int{p.partition_start}, int{p.partition_count}, partitions, p.offset, end_offset(p), bytes);
        require(p.offset % static_cast<std::uint32_t>(dtype_bytes(p.dtype)) == 0, FindingKind::operand,
                "offset {} is not a multiple of its element's size", p.offset);
        if (access.write)
            for (int d = 0; d < kAccessDims; ++d)
                require(p.count[d] <= 1 || p.step[d] > 0, FindingKind::operand, "a destination with a step of 0");
        return in;
    }
    bool bounds(const DramAccess& a) const {
        const DramPattern& p = a.pattern;
        const bool known = p.segment < program.segments.size();
        require(known, FindingKind::bounds, "segment {} of {}", p.segment, program.segments.size());
        if (!known || elements(p) <= 0 || a.rows <= 0) return false;
        const Runs r = runs(a);
        const Segment& s = program.segments[p.segment];
        require(r.end() <= s.bytes, FindingKind::bounds, "bytes [{}, {}) of segment '{}' of {}", r.base, r.end(),
                s.name, s.bytes);
        return r.end() <= s.bytes;
    }
};

}  // namespace

namespace {

/// Static loads as if they were instructions, from weights or constants alone.
bool verify_static_loads(const Program& program, Findings& findings) {
    bool in_bounds = true;
    Held held;
    const Check check{program, findings, held, {kNoQueue, 0}};
    for (const DmaLoad& load : program.static_loads) {
        if (findings.full()) return false;
        check(load);
        const Accesses all = accesses(load);
        for (const OnChipAccess& access : all) in_bounds = check.bounds(access) && in_bounds;
        in_bounds = check.bounds(*all.dram) && in_bounds;
        if (load.src.segment >= program.segments.size()) continue;  // reported with the bounds
        const Segment& s = program.segments[load.src.segment];
        check.require(s.purpose == Purpose::weights || s.purpose == Purpose::constants, FindingKind::operand,
                      "a static load of segment '{}', which is neither weights nor constants", s.name);
    }
    return in_bounds;
}

}  // namespace

bool verify_operands(const Program& program, Findings& findings) {
    bool in_bounds = verify_static_loads(program, findings);
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        Held held;
        const Queue& queue = program.queues[q];
        for (std::size_t n = 0; n < queue.instructions.size() && !findings.full(); ++n) {
            const Instruction& i = queue.instructions[n];
            const InstructionId id{static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(n)};
            const Check check{program, findings, held, id};
            const auto engine = engine_of(i.op);
            check.require(!engine || *engine == queue.engine, FindingKind::engine, "in a queue of another engine");
            check.require(i.layer < program.layers.size(), FindingKind::target, "layer {} of {}", i.layer,
                          program.layers.size());
            check.require(i.image < program.batch, FindingKind::target, "image {} of {}", i.image, program.batch);
            std::visit(check, i.op);
            const Accesses all = accesses(i.op);
            for (const OnChipAccess& access : all) in_bounds = check.bounds(access) && in_bounds;
            if (all.dram) in_bounds = check.bounds(*all.dram) && in_bounds;
        }
    }
    return in_bounds && !findings.full();
}

}  // namespace infsim::program
