#include <ostream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "program/names.hpp"
#include "program/runs.hpp"
#include "program/text.hpp"

namespace infsim::program {

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || c == '"' || c == '\\') out += fmt::format("\\x{:02x}", byte);
        else out += c;
    }
    return out + '"';
}

namespace {

std::string float_text(float value) { return fmt::format("{}", value); }  // shortest form that reads back the same

/// "(count*step,...)" without leading dimensions of count 1 and step 0; the innermost is last.
template <class Count, class Step>
std::string dims(const Count& count, const Step& step) {
    std::size_t first = 0;
    while (first < count.size() && count[first] == 1 && step[first] == 0) ++first;
    std::string out = "(";
    for (std::size_t d = first; d < count.size(); ++d)
        out += fmt::format("{}{}*{}", d == first ? "" : ",", count[d], step[d]);
    return out + ')';
}

std::string dram_text(const DramPattern& p) {
    return fmt::format("dram[{}]@{}+{}{}", p.segment, p.offset, p.partition_step, dims(p.count, p.step));
}

struct OperationText {
    const OperandPlace& place;

    std::string text(const AccessPattern& p, int operand) const {
        return fmt::format("{}[{}+{}]@{}:{}{}", place(p.space, operand), p.partition_start, p.partition_count, p.offset,
                           dtype_name(p.dtype), dims(p.count, p.step));
    }
    /// " key=value" with the number or "sb[partition]@offset:type"; empty without a scalar.
    std::string scalar(const char* key, const ScalarOperand& s, int operand) const {
        switch (s.kind) {
            case ScalarOperand::Kind::none: return {};
            case ScalarOperand::Kind::immediate: return fmt::format(" {}={}", key, float_text(s.value));
            case ScalarOperand::Kind::per_partition:
                return fmt::format(" {}={}[{}]@{}:{}", key, place(Space::state_buffer, operand), s.partition_start,
                                   s.offset, dtype_name(s.dtype));
        }
        return {};
    }

    std::string operator()(const LoadStationary& i) const { return fmt::format("src={}", text(i.src, 0)); }
    std::string operator()(const Matmul& i) const {
        return fmt::format("dst={} moving={}{}", text(i.dst, 1), text(i.moving, 0), i.accumulate ? " accumulate" : "");
    }
    std::string operator()(const Transpose& i) const { return copy_text(i.src, i.dst); }
    std::string operator()(const Activate& i) const {
        return fmt::format("{} function={} scale={}{}", copy_text(i.src, i.dst), name(i.function), float_text(i.scale),
                           scalar("bias", i.bias, kFirstScalar));
    }
    std::string operator()(const TensorTensor& i) const {
        return fmt::format("dst={} a={} b={} scalar_op={} op={}{}{}", text(i.dst, 2), text(i.a, 0), text(i.b, 1),
                           name(i.scalar_op), name(i.op), scalar("scalar", i.scalar, kFirstScalar),
                           i.relu ? " relu" : "");
    }
    std::string operator()(const TensorScalar& i) const {
        return fmt::format("{} op0={} op1={}{}{}", copy_text(i.src, i.dst), name(i.op0), name(i.op1),
                           scalar("scalar0", i.scalar0, kFirstScalar), scalar("scalar1", i.scalar1, kFirstScalar + 1));
    }
    std::string operator()(const Reduce& i) const {
        return fmt::format("{} op={} dims={} scale={}", copy_text(i.src, i.dst), name(i.op), i.reduced_dims,
                           float_text(i.scale));
    }
    std::string operator()(const Memset& i) const {
        return fmt::format("dst={} value={}", text(i.dst, 0), float_text(i.value));
    }
    std::string operator()(const DmaLoad& i) const {
        return fmt::format("dst={} src={}", text(i.dst, 0), dram_text(i.src));
    }
    std::string operator()(const DmaStore& i) const {
        return fmt::format("dst={} src={}", dram_text(i.dst), text(i.src, 0));
    }
    std::string operator()(const DmaCopy& i) const { return copy_text(i.src, i.dst); }
    std::string operator()(const DmaGather& i) const {
        return fmt::format("dst={} index={} table={} rows={}", text(i.dst, 1), text(i.index, 0), dram_text(i.table),
                           i.table_rows);
    }
    std::string operator()(const Sync&) const { return {}; }

private:
    static constexpr int kFirstScalar = 3;

    std::string copy_text(const AccessPattern& src, const AccessPattern& dst) const {
        return fmt::format("dst={} src={}", text(dst, 1), text(src, 0));
    }
};

std::string space_name(Space space, int) { return std::string(name(space)); }

}  // namespace

void write_segment(const Segment& s, std::ostream& out) {
    out << fmt::format("segment {} purpose={} dtype={} region={} address={} bytes={}\n", quoted(s.name),
                       name(s.purpose), dtype_name(s.dtype), s.region, s.address, s.bytes);
    for (const std::string& tensor : s.tensors) out << fmt::format("tensor {}\n", quoted(tensor));
    for (const RecipeBox& b : s.recipe) {
        const std::string source =
            b.tensor == kLiteral ? "literal=" + float_text(b.literal) : fmt::format("tensor={}", b.tensor);
        out << fmt::format("box to={}{} from={}{} {}\n", b.segment_offset, dims(b.count, b.segment_step),
                           b.tensor_offset, dims(b.count, b.tensor_step), source);
    }
}

namespace {

void write_target(const Target& t, std::ostream& out) {
    out << fmt::format(
        "target pe_rows={} pe_columns={} max_moving={} sb_partitions={} sb_partition_bytes={} "
        "psum_partitions={} "
        "psum_banks={} psum_bank_bytes={} dma_engines={} rings_per_engine={} max_queues={} dram_regions={} "
        "dram_region_bytes={}\n",
        t.pe_rows, t.pe_columns, t.max_moving, t.sb_partitions, t.sb_partition_bytes, t.psum_partitions, t.psum_banks,
        t.psum_bank_bytes, t.dma_engines, t.rings_per_engine, t.max_queues, t.dram_regions, t.dram_region_bytes);
}

}  // namespace

std::string operation_text(const Operation& op, const OperandPlace& place) {
    const std::string operands = std::visit(OperationText{place}, op);
    return mnemonic(op) + (operands.empty() ? "" : " " + operands);
}

std::string instruction_line(const Program& program, InstructionId id) {
    const Instruction& i = at(program, id);
    std::string line =
        fmt::format("q{} s{} l{} i{} | {}", id.queue, i.sequence, i.layer, i.image, operation_text(i.op, space_name));
    for (int w = 0; w < i.waits.size(); ++w)
        line += fmt::format("{}q{}>={}", w == 0 ? " | " : " ", i.waits[w].queue, i.waits[w].count);
    return line;
}

void write_text(const Program& p, std::ostream& out) {
    out << fmt::format("infsim-program 1\nmodel {} batch={} dtype={} io_dtype={}\n", quoted(p.model), p.batch,
                       dtype_name(p.dtype), dtype_name(p.io_dtype));
    write_target(p.target, out);
    for (const Segment& s : p.segments) write_segment(s, out);
    for (const Allocation& a : p.allocations)
        out << fmt::format("allocation {} {}[{}+{}]@{}+{} s{}..{} layer={} purpose={}\n", quoted(a.name), name(a.space),
                           a.partition_start, a.partition_count, a.offset, a.bytes, a.first_sequence, a.last_sequence,
                           a.layer, name(a.purpose));
    for (const DmaLoad& load : p.static_loads) out << fmt::format("static {}\n", operation_text(load, space_name));
    for (const LayerInfo& l : p.layers)
        out << fmt::format("layer {} kind={} macs={} weight_bytes={}\n", quoted(l.name), quoted(l.kind), l.macs,
                           l.weight_bytes);
    for (std::size_t q = 0; q < p.queues.size(); ++q)
        out << fmt::format("queue {} engine={} index={} ring={}\n", q, name(p.queues[q].engine),
                           p.queues[q].engine_index, p.queues[q].ring);
    for (InstructionId id : serial_order(p)) out << instruction_line(p, id) << '\n';
    out << fmt::format("end {}\n", instruction_count(p));
}

}  // namespace infsim::program
