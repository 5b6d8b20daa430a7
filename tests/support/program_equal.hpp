// Equality of Programs, field by field: text forms must not be compared with themselves.
#pragma once

#include <tuple>

#include "program/program.hpp"

namespace infsim::testing {

using namespace program;  // NOLINT: test helper, the names are the module's own

inline bool equal(const AccessPattern& a, const AccessPattern& b) {
    return std::tie(a.step, a.count, a.offset, a.partition_start, a.partition_count, a.space, a.dtype) ==
           std::tie(b.step, b.count, b.offset, b.partition_start, b.partition_count, b.space, b.dtype);
}
inline bool equal(const DramPattern& a, const DramPattern& b) {
    return std::tie(a.segment, a.offset, a.partition_step, a.step, a.count) ==
           std::tie(b.segment, b.offset, b.partition_step, b.step, b.count);
}
inline bool equal(const ScalarOperand& a, const ScalarOperand& b) {
    if (a.kind != b.kind) return false;
    if (a.kind == ScalarOperand::Kind::none) return true;
    if (a.kind == ScalarOperand::Kind::immediate) return a.value == b.value;
    return a.offset == b.offset && a.dtype == b.dtype && a.partition_start == b.partition_start;
}

struct OperationEqual {
    const Operation& other;
    template <class T>
    const T& as() const {
        return std::get<T>(other);
    }
    bool operator()(const LoadStationary& i) const { return equal(i.src, as<LoadStationary>().src); }
    bool operator()(const Matmul& i) const {
        const auto& o = as<Matmul>();
        return equal(i.moving, o.moving) && equal(i.dst, o.dst) && i.accumulate == o.accumulate;
    }
    bool operator()(const Transpose& i) const {
        return equal(i.src, as<Transpose>().src) && equal(i.dst, as<Transpose>().dst);
    }
    bool operator()(const Activate& i) const {
        const auto& o = as<Activate>();
        return equal(i.src, o.src) && equal(i.dst, o.dst) && equal(i.bias, o.bias) && i.scale == o.scale &&
               i.function == o.function;
    }
    bool operator()(const TensorTensor& i) const {
        const auto& o = as<TensorTensor>();
        return equal(i.a, o.a) && equal(i.b, o.b) && equal(i.dst, o.dst) && equal(i.scalar, o.scalar) &&
               i.scalar_op == o.scalar_op && i.op == o.op && i.relu == o.relu;
    }
    bool operator()(const TensorScalar& i) const {
        const auto& o = as<TensorScalar>();
        return equal(i.src, o.src) && equal(i.dst, o.dst) && equal(i.scalar0, o.scalar0) &&
               equal(i.scalar1, o.scalar1) && i.op0 == o.op0 && i.op1 == o.op1;
    }
    bool operator()(const Reduce& i) const {
        const auto& o = as<Reduce>();
        return equal(i.src, o.src) && equal(i.dst, o.dst) && i.scale == o.scale && i.op == o.op &&
               i.reduced_dims == o.reduced_dims;
    }
    bool operator()(const Memset& i) const { return equal(i.dst, as<Memset>().dst) && i.value == as<Memset>().value; }
    bool operator()(const DmaLoad& i) const {
        return equal(i.src, as<DmaLoad>().src) && equal(i.dst, as<DmaLoad>().dst);
    }
    bool operator()(const DmaStore& i) const {
        return equal(i.src, as<DmaStore>().src) && equal(i.dst, as<DmaStore>().dst);
    }
    bool operator()(const DmaCopy& i) const {
        return equal(i.src, as<DmaCopy>().src) && equal(i.dst, as<DmaCopy>().dst);
    }
    bool operator()(const DmaGather& i) const {
        const auto& o = as<DmaGather>();
        return equal(i.index, o.index) && equal(i.table, o.table) && equal(i.dst, o.dst) &&
               i.table_rows == o.table_rows;
    }
    bool operator()(const Sync&) const { return true; }
};

inline bool equal(const Instruction& a, const Instruction& b) {
    return a.op.index() == b.op.index() && std::visit(OperationEqual{b.op}, a.op) && a.waits.count == b.waits.count &&
           a.waits.queue == b.waits.queue && a.sequence == b.sequence && a.layer == b.layer && a.image == b.image;
}
inline bool equal(const RecipeBox& a, const RecipeBox& b) {
    return std::tie(a.segment_offset, a.tensor_offset, a.count, a.segment_step, a.tensor_step, a.tensor, a.literal) ==
           std::tie(b.segment_offset, b.tensor_offset, b.count, b.segment_step, b.tensor_step, b.tensor, b.literal);
}
// Declared before the template uses them.
inline bool equal(const Queue& a, const Queue& b);
inline bool equal(const Segment& a, const Segment& b);
inline bool equal(const Allocation& a, const Allocation& b);
inline bool equal(const LayerInfo& a, const LayerInfo& b);
inline bool equal(const DmaLoad& a, const DmaLoad& b);

template <class T>
bool equal(const std::vector<T>& a, const std::vector<T>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!equal(a[i], b[i])) return false;
    return true;
}
inline bool equal(const Queue& a, const Queue& b) {
    return std::tie(a.engine, a.engine_index, a.ring) == std::tie(b.engine, b.engine_index, b.ring) &&
           equal(a.instructions, b.instructions);
}
inline bool equal(const Segment& a, const Segment& b) {
    return std::tie(a.name, a.purpose, a.dtype, a.region, a.address, a.bytes, a.tensors) ==
               std::tie(b.name, b.purpose, b.dtype, b.region, b.address, b.bytes, b.tensors) &&
           equal(a.recipe, b.recipe);
}
inline bool equal(const Allocation& a, const Allocation& b) {
    return std::tie(a.name, a.space, a.partition_start, a.partition_count, a.offset, a.bytes, a.first_sequence,
                    a.last_sequence, a.layer,
                    a.purpose) == std::tie(b.name, b.space, b.partition_start, b.partition_count, b.offset, b.bytes,
                                           b.first_sequence, b.last_sequence, b.layer, b.purpose);
}
inline bool equal(const LayerInfo& a, const LayerInfo& b) {
    return std::tie(a.name, a.kind, a.macs, a.weight_bytes) == std::tie(b.name, b.kind, b.macs, b.weight_bytes);
}
inline bool equal(const DmaLoad& a, const DmaLoad& b) { return equal(a.src, b.src) && equal(a.dst, b.dst); }
inline bool equal(const Target& a, const Target& b) {
    return std::tie(a.pe_rows, a.pe_columns, a.max_moving, a.sb_partitions, a.psum_partitions, a.psum_banks,
                    a.sb_partition_bytes, a.psum_bank_bytes, a.dma_engines, a.rings_per_engine, a.max_queues,
                    a.dram_region_bytes, a.dram_regions) ==
           std::tie(b.pe_rows, b.pe_columns, b.max_moving, b.sb_partitions, b.psum_partitions, b.psum_banks,
                    b.sb_partition_bytes, b.psum_bank_bytes, b.dma_engines, b.rings_per_engine, b.max_queues,
                    b.dram_region_bytes, b.dram_regions);
}
inline bool equal(const Program& a, const Program& b) {
    return std::tie(a.model, a.batch, a.dtype, a.io_dtype) == std::tie(b.model, b.batch, b.dtype, b.io_dtype) &&
           equal(a.target, b.target) && equal(a.queues, b.queues) && equal(a.segments, b.segments) &&
           equal(a.allocations, b.allocations) && equal(a.layers, b.layers) && equal(a.static_loads, b.static_loads);
}

}  // namespace infsim::testing
