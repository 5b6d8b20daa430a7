// Small Programs by hand, and a chip with round numbers to run them on.
#pragma once

#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hw/derived.hpp"
#include "hw/spec.hpp"
#include "program/program.hpp"
#include "support/ddr4_3200.hpp"

namespace infsim::test {

/// 1 GHz engines (a cycle is 1,000 ps), 20 GB/s a channel in bursts of 512 B (25,600 ps), a DMA engine 10 GB/s (51,200
/// ps), a core 20 GB/s; DMA starts in 1,000,000 ps, DRAM answers in 100,000, completes in 50,000; host link 5 GB/s
/// after 2 us.
inline hw::ChipSpec round_chip() {
    constexpr std::int64_t G = 1'000'000'000;
    hw::ChipSpec s;
    s.name = "round";
    s.cores = 4;
    s.pe = {Frequency{G}, 128, 64, 512, Cycles{64}, 4, Cycles{128}, Cycles{32}, Cycles{0}, Cycles{60}};
    s.act = {Frequency{G}, Cycles{64}, Cycles{0}, Cycles{100}};
    s.pool = {Frequency{G}, Cycles{64}, Cycles{10}, Cycles{200}};
    s.state_buffer = {128, Bytes{98'304}};
    s.psum = {64, 8, Bytes{2048}};
    s.dma = {3,
             16,
             Bytes{65'536},
             picoseconds(1'000'000),
             picoseconds(50'000),
             Bandwidth{10 * G},
             Bandwidth{20 * G},
             {{Bytes{512}, Bytes{512}}}};
    s.dram = {Bytes{std::int64_t{8} << 30}, 2, Bandwidth{25 * G}, Bytes{512}, picoseconds(100'000),
              hw::BandwidthDram{0.8}};
    s.host = {Bandwidth{5 * G}, microseconds(2), microseconds(50)};
    s.sync = {32, 32};
    return s;
}

/// The same with DDR4-3200 channels.
inline hw::ChipSpec ddr4_chip() {
    hw::ChipSpec s = round_chip();
    s.name = "round-ddr4";
    s.dram.channel_bandwidth = Bandwidth{25'600'000'000};
    s.dram.model = ddr4_3200();
    return s;
}

using Waits = std::initializer_list<program::Wait>;

class ProgramBuilder {
public:
    explicit ProgramBuilder(const hw::ChipSpec& s) {
        p_.model = "built";
        p_.target = {s.pe.rows,
                     s.pe.columns,
                     s.pe.max_moving,
                     s.state_buffer.partitions,
                     s.psum.partitions,
                     s.psum.banks,
                     s.state_buffer.partition_bytes.count(),
                     s.psum.bank_bytes.count(),
                     s.dma.engines_per_core,
                     s.dma.rings_per_engine,
                     s.sync.max_queues,
                     hw::dram_region_bytes(s).count(),
                     s.dram.channels};
        p_.layers.push_back({"layer", "test", 0, 0});
    }

    std::uint8_t queue(program::Engine engine, int engine_index = 0, int ring = 0) {
        p_.queues.push_back({engine, static_cast<std::uint8_t>(engine_index), static_cast<std::uint8_t>(ring), {}});
        return static_cast<std::uint8_t>(p_.queues.size() - 1);
    }
    std::uint32_t segment(program::Purpose purpose, std::int64_t bytes, int region = 0) {
        program::Segment s;
        s.name = "segment" + std::to_string(p_.segments.size());
        s.purpose = purpose;
        s.region = static_cast<std::uint8_t>(region);
        s.address = next_address_;
        s.bytes = bytes;
        next_address_ += (bytes + 63) / 64 * 64;
        p_.segments.push_back(s);
        return static_cast<std::uint32_t>(p_.segments.size() - 1);
    }
    /// Appends `op` to the queue; sequence numbers follow the order of calls.
    void add(std::uint8_t queue, program::Operation op, Waits waits = {}) {
        program::Instruction i;
        i.op = op;
        for (const auto& w : waits) i.waits.push(w);
        add(queue, i);
    }
    void add(std::uint8_t queue, program::Instruction instruction) {
        instruction.sequence = sequence_++;
        p_.queues[queue].instructions.push_back(instruction);
    }

    static program::AccessPattern sb(int partitions, int elements, int offset = 0) {
        return pattern(program::Space::state_buffer, partitions, elements, offset);
    }
    static program::AccessPattern psum(int partitions, int elements) {
        return pattern(program::Space::psum, partitions, elements, 0, DType::fp32);
    }
    /// ACT: `n` elements per partition take max(64, n) cycles.
    static program::Activate act(int n) { return {sb(1, n), sb(1, n), {}, 1.0F, program::ActFunction::identity}; }
    static program::TensorScalar pool(int n) {
        return {sb(1, n), sb(1, n), {}, {}, program::AluOp::none, program::AluOp::none};
    }
    static program::Matmul matmul(int n) { return {sb(128, n), psum(64, n), false}; }
    static program::LoadStationary stationary() { return {sb(128, 64)}; }
    /// `bytes` contiguous bytes into each of `partitions` partitions.
    static program::DmaLoad load(std::uint32_t segment, int partitions, int bytes) {
        return {dram(segment, bytes), sb(partitions, bytes / 2)};
    }
    static program::DmaStore store(std::uint32_t segment, int partitions, int bytes) {
        return {sb(partitions, bytes / 2), dram(segment, bytes)};
    }
    static program::DmaCopy copy(int partitions, int bytes) {
        return {sb(partitions, bytes / 2), sb(partitions, bytes / 2)};
    }

    program::Program& program() { return p_; }
    std::shared_ptr<const program::Program> share() const { return std::make_shared<const program::Program>(p_); }

private:
    static program::AccessPattern pattern(program::Space space, int partitions, int elements, int offset,
                                          DType dtype = DType::fp16) {
        program::AccessPattern ap;
        ap.space = space;
        ap.partition_count = static_cast<std::uint16_t>(partitions);
        ap.count[3] = static_cast<std::uint16_t>(elements);
        ap.step[3] = 1;
        ap.offset = static_cast<std::uint32_t>(offset);
        ap.dtype = dtype;
        return ap;
    }
    static program::DramPattern dram(std::uint32_t segment, int bytes) {
        program::DramPattern d;
        d.segment = segment;
        d.partition_step = static_cast<std::uint32_t>(bytes);
        d.step[3] = 2;
        d.count[3] = static_cast<std::uint16_t>(bytes / 2);
        return d;
    }

    program::Program p_;
    std::int64_t next_address_ = 0;
    std::uint32_t sequence_ = 0;
};

/// Instructions of all engines with waits for earlier ones (so that some order executes it), transfers on both channels
/// and inside the state buffer, up to three rings per DMA engine, and Syncs in between.
inline program::Program random_program(const hw::ChipSpec& spec, std::uint64_t seed, int instructions) {
    using B = ProgramBuilder;
    std::mt19937_64 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
    ProgramBuilder b(spec);
    std::vector<std::uint8_t> queues = {b.queue(program::Engine::pe), b.queue(program::Engine::act),
                                        b.queue(program::Engine::pool)};
    for (int e = 0; e < 3; ++e)
        for (int r = 0, rings = 1 + below(3); r < rings; ++r) queues.push_back(b.queue(program::Engine::dma, e, r));
    std::vector<std::uint32_t> in, out;
    for (int region = 0; region < 2; ++region) {
        in.push_back(b.segment(program::Purpose::weights, 4 << 20, region));
        in.push_back(b.segment(program::Purpose::input, 1 + below(200'000), region));
        out.push_back(b.segment(program::Purpose::output, 1 + below(90'000), region));
        out.push_back(b.segment(program::Purpose::spill, 4 << 20, region));
    }
    for (int i = 0; i < instructions; ++i) {
        const auto q =
            queues[static_cast<std::size_t>(below(2) == 0 ? below(3) : below(static_cast<int>(queues.size())))];
        program::Instruction instruction;
        const int n = 1 + below(512), bytes = 2 * (1 + below(3000));
        switch (b.program().queues[q].engine) {
            case program::Engine::pe:
                if (below(4) == 0) instruction.op = B::stationary();
                else instruction.op = B::matmul(n);
                break;
            case program::Engine::act: {
                program::Activate act = B::act(n);
                if (spec.psum.shared_port && n % 2 == 0) act.src = B::psum(1, n);
                instruction.op = act;
                break;
            }
            case program::Engine::pool:
                if (below(2) == 0) {
                    program::TensorScalar pool = B::pool(n);
                    if (spec.psum.shared_port && n % 3 != 0) pool.src = B::psum(1, n);
                    instruction.op = pool;
                } else instruction.op = program::TensorTensor{B::sb(4, n), B::sb(4, n), B::sb(4, n), {}};
                break;
            case program::Engine::dma:
                switch (below(5)) {
                    case 0: instruction.op = B::copy(1 + below(128), bytes); break;
                    case 1:
                        instruction.op = B::store(out[static_cast<std::size_t>(below(4))], 1 + below(64), bytes);
                        break;
                    default: instruction.op = B::load(in[static_cast<std::size_t>(below(4))], 1 + below(128), bytes);
                }
        }
        if (below(12) == 0) instruction.op = program::Sync{};
        for (int w = below(4); w > 0; --w) {
            const auto producer = queues[static_cast<std::size_t>(below(static_cast<int>(queues.size())))];
            const auto there = static_cast<int>(b.program().queues[producer].instructions.size());
            if (producer != q && there > 0)
                instruction.waits.push({producer, static_cast<std::uint32_t>(there - below(std::min(there, 3)))});
        }
        b.add(q, instruction);
    }
    return b.program();
}

}  // namespace infsim::test
