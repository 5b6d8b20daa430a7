// Networks of a layer or two, made by hand, on a chip that is small enough to follow on paper; and their code as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/emit/emit.hpp"
#include "compiler/ir/operands.hpp"

namespace infsim::test {

/// Eight partitions in two halves of four, a PE array of eight rows and four columns, two PSUM banks of 16 fp32, one
/// DMA engine of four rings (queues 3 to 6: weights, inputs, constants, others).
inline program::Target small_target() {
    program::Target t;
    t.pe_rows = 8, t.pe_columns = 4, t.max_moving = 16;
    t.sb_partitions = 8, t.psum_partitions = 4, t.psum_banks = 2;
    t.sb_partition_bytes = 4096, t.psum_bank_bytes = 64;
    t.dma_engines = 1, t.rings_per_engine = 4, t.max_queues = 16;
    t.dram_region_bytes = 1 << 20, t.dram_regions = 1;
    return t;
}

struct HandMade {
    graph::Graph graph;
    compiler::Network network;
    program::Target target = small_target();
    compiler::CompileOptions options;
    compiler::Plan plan;
    int batch = 1;
    DType dtype = DType::fp16, io_dtype = DType::fp16;

    HandMade() { network.slots = compiler::slot_geometry(target); }

    graph::TensorId tensor(const std::string& name, graph::Shape shape) {
        graph::Tensor t;
        t.name = name;
        t.shape = std::move(shape);
        graph.tensors.push_back(std::move(t));
        return static_cast<graph::TensorId>(graph.tensors.size()) - 1;
    }
    compiler::ValueId value(const std::string& name, std::vector<int> lanes, int rows, int cols) {
        compiler::Value v;
        v.name = name;
        v.phys = {std::move(lanes), rows, cols};
        network.values.push_back(std::move(v));
        return compiler::ValueId(static_cast<int>(network.values.size()) - 1);
    }
    /// All slots of a value, as a tensor of channels, rows and columns.
    compiler::View image(compiler::ValueId v) const {
        using compiler::Dim;
        const compiler::Physical& p = network.values[v].phys;
        compiler::View view;
        view.value = v;
        view.slots = p.slots();
        for (const compiler::Factor& f : {compiler::Factor{Dim::channel, p.channels(), 1},
                                          compiler::Factor{Dim::row, p.rows, 1}, compiler::Factor{Dim::col, p.cols, 1}})
            view.axes.push_back(f.extent > 1 ? std::vector<compiler::Factor>{f} : std::vector<compiler::Factor>{});
        return view;
    }
    /// A graph input.
    compiler::ValueId input(const std::string& name, std::vector<int> lanes, int rows, int cols) {
        const compiler::ValueId v = value(name, std::move(lanes), rows, cols);
        const compiler::Physical& p = network.values[v].phys;
        const graph::TensorId t = tensor(name, {p.channels(), rows, cols});
        network.values[v].input = t;
        graph.inputs.push_back(t);
        network.inputs.push_back(image(v));
        return v;
    }
    /// Makes a value a graph output.
    void output(compiler::ValueId v) {
        const compiler::Value& of = network.values[v];
        graph.outputs.push_back(tensor(of.name, {of.phys.channels(), of.phys.rows, of.phys.cols}));
        network.outputs.push_back(image(v));
    }
    compiler::Part part(compiler::ValueId v) const { return {v, 0, network.values[v].phys.slots()}; }
    /// A layer named after its output, which it fills.
    compiler::Layer& layer(compiler::LayerOp op, const std::vector<compiler::ValueId>& inputs, compiler::ValueId out) {
        compiler::Layer l;
        l.name = network.values[out].name;
        l.op = std::move(op);
        for (compiler::ValueId v : inputs) l.inputs.push_back(part(v));
        l.output = part(out);
        network.layers.push_back(std::move(l));
        plan.image_group.push_back(0);
        return network.layers.back();
    }

    compiler::EmitInput emit_input() const { return {graph, network, target, batch, dtype, io_dtype, options}; }
    compiler::Code code() const { return compiler::emit(emit_input(), plan); }
};

/// "x p0+4 @16 2*8 4*1": partitions 0 to 3 of buffer x, from byte 16 on, two times eight elements apart, four times one
/// element apart. PSUM is "psum".
inline std::string operand_text(const compiler::Code& code, const program::AccessPattern& ap, compiler::BufferId b) {
    const bool psum = ap.space == program::Space::psum;
    std::string text = fmt::format("{} p{}+{} @{}", psum ? "psum" : code.buffers[b].name, ap.partition_start,
                                   ap.partition_count, ap.offset);
    for (std::size_t d = 0; d < program::kAccessDims; ++d)
        if (ap.count[d] != 1) text += fmt::format(" {}*{}", ap.count[d], ap.step[d]);
    return text;
}

inline std::string operation_name(const program::Operation& op) {
    static constexpr const char* kNames[] = {"stationary", "matmul", "transpose", "activate", "alu",
                                             "scalar",     "reduce", "set",       "load",     "store",
                                             "copy",       "gather", "sync"};
    return kNames[op.index()];
}

/// "q0 matmul x p0+4 @0 4*1; psum p0+4 @0 4*1": queue, operation, and its operands on chip in their order.
inline std::string line(const compiler::Code& code, const compiler::VirtualInstruction& in) {
    std::string text = fmt::format("q{} {}", in.queue, operation_name(in.op)), between = " ";
    const auto add = [&](const std::string& operand) {
        text += between + operand;
        between = "; ";
    };
    compiler::for_each_operand(
        in.op,
        [&](const program::AccessPattern& ap, int i, bool) {
            add(operand_text(code, ap, in.buffer[static_cast<std::size_t>(i)]));
        },
        [&](const program::ScalarOperand& s, int i) {
            add(fmt::format("by {} p{} @{}", code.buffers[in.buffer[static_cast<std::size_t>(i)]].name,
                            s.partition_start, s.offset));
        });
    return text;
}

/// The instructions of PE, ACT and POOL.
inline std::vector<std::string> engine_lines(const compiler::Code& code) {
    std::vector<std::string> lines;
    for (const auto& in : code.instructions)
        if (in.queue < 3) lines.push_back(line(code, in));
    return lines;
}
/// Those of the DMA engines.
inline std::vector<std::string> dma_lines(const compiler::Code& code) {
    std::vector<std::string> lines;
    for (const auto& in : code.instructions)
        if (in.queue >= 3) lines.push_back(line(code, in));
    return lines;
}

/// The operation of the n-th instruction that is an `Op`.
template <class Op>
const Op& nth(const compiler::Code& code, std::size_t n) {
    for (const auto& in : code.instructions)
        if (const auto* op = std::get_if<Op>(&in.op); op && n-- == 0) return *op;
    throw std::out_of_range("there are fewer instructions of that kind");
}

}  // namespace infsim::test
