// Virtual code by hand: instructions that write, read and load whole buffers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "compiler/emit/access.hpp"
#include "compiler/ir/code.hpp"

namespace infsim::test {

constexpr std::int64_t kBufferBytes = 100;  ///< of every buffer, in each of 128 partitions
constexpr std::int64_t kWholeBuffer = 128 * kBufferBytes;

/// `count` fp16 elements from byte `offset` on, in `partitions` partitions.
inline program::AccessPattern elements_at(std::int64_t offset, int count, int partitions = 128) {
    return compiler::make_access(program::Space::state_buffer, 0, partitions, offset, DType::fp16, {{1, count}});
}
inline program::AccessPattern whole() { return elements_at(0, kBufferBytes / 2); }

/// Code for one DMA engine of four rings (queues 0 to 3), ACT (4) and POOL (5); segment 0 holds weights. Every
/// instruction is of layer `layer`.
class Script {
public:
    Script() {
        for (std::uint8_t ring = 0; ring < 4; ++ring) code.queues.push_back({program::Engine::dma, 0, ring, {}});
        code.queues.push_back({program::Engine::act, 0, 0, {}});
        code.queues.push_back({program::Engine::pool, 0, 0, {}});
        segment(program::Purpose::weights);
    }
    std::uint32_t segment(program::Purpose purpose) {
        program::Segment s;
        s.name = "segment " + std::to_string(code.segments.size());
        s.purpose = purpose;
        s.bytes = kWholeBuffer;
        code.segments.push_back(std::move(s));
        return static_cast<std::uint32_t>(code.segments.size()) - 1;
    }
    compiler::BufferId buffer(const std::string& name, std::int64_t bytes = kBufferBytes) {
        compiler::Buffer b;
        b.name = name;
        b.bytes = bytes;
        return code.buffers.push_back(std::move(b));
    }
    /// Each of these returns the position of the instruction.
    int write(compiler::BufferId b, const program::AccessPattern& to = whole()) {
        program::Memset set;
        set.dst = to;
        return push(set, 5, {b});
    }
    int read(compiler::BufferId b) {
        program::DmaStore store;
        store.src = whole();
        return push(store, 0, {b});  // to segment 0: nobody looks
    }
    /// dst = src on POOL.
    int copy(compiler::BufferId src, compiler::BufferId dst, const program::AccessPattern& from = whole(),
             const program::AccessPattern& to = whole()) {
        program::TensorScalar op;
        op.src = from;
        op.dst = to;
        return push(op, 5, {src, dst});
    }
    /// A movable load of its own, right where it stands.
    int load(compiler::BufferId b, std::uint32_t from = 0) {
        program::DmaLoad load;
        load.src.segment = from;
        load.dst = whole();
        load.src.partition_step = static_cast<std::uint32_t>(kBufferBytes);
        load.src.count = load.dst.count;
        load.src.step[program::kAccessDims - 1] = 2;
        const int at = push(load, 0, {b});
        code.instructions.back().load = code.loads.push_back({b, 0, 0});
        return at;
    }
    int push(program::Operation op, std::uint8_t queue, std::initializer_list<compiler::BufferId> buffers) {
        compiler::VirtualInstruction in;
        in.op = std::move(op);
        in.queue = queue;
        in.layer = layer;
        std::copy(buffers.begin(), buffers.end(), in.buffer.begin());
        code.instructions.push_back(std::move(in));
        return static_cast<int>(code.instructions.size()) - 1;
    }

    compiler::Code code;
    std::uint16_t layer = 0;
};

/// Bytes of device DRAM that the code keeps for what is spilled.
inline std::int64_t spill_segment_bytes(const compiler::Code& code) {
    std::int64_t bytes = 0;
    for (const program::Segment& s : code.segments)
        if (s.purpose == program::Purpose::spill) bytes += s.bytes;
    return bytes;
}

}  // namespace infsim::test
