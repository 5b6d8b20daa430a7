#include "compiler/schedule/insert_waits.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/schedule/hazards.hpp"
#include "program/operands.hpp"

namespace infsim::compiler {

using program::Instruction;

namespace {

void set_addresses(VirtualInstruction& v, const IdVector<BufferId, std::uint32_t>& offset) {
    const auto offset_of = [&](int operand) { return offset[v.buffer[static_cast<std::size_t>(operand)]]; };
    for_each_operand(
        v.op,
        [&](program::AccessPattern& ap, int operand, bool) {
            if (ap.space == program::Space::state_buffer) ap.offset += offset_of(operand);
        },
        [&](program::ScalarOperand& s, int operand) { s.offset += offset_of(operand); });
}

/// Weights and inputs are there from the start and outputs are never read; only scratch data have hazards.
bool is_scratch(const program::Accesses& accesses, const std::vector<program::Segment>& segments) {
    return accesses.dram && program::is_scratch(segments[accesses.dram->pattern.segment].purpose);
}

/// What the current instruction touches, with each access found once.
struct Touched {
    std::array<HazardMap::Place, 5> on_chip;
    std::size_t count = 0;
    std::optional<HazardMap::Place> scratch;
};

Touched find(HazardMap& hazards, const program::Accesses& accesses, std::uint8_t queue, bool scratch) {
    Touched touched;
    for (const auto& a : accesses) touched.on_chip[touched.count++] = hazards.find(a.pattern, a.write, queue);
    if (scratch) touched.scratch = hazards.find(*accesses.dram, queue);
    return touched;
}

void needs(const Touched& touched, Counts& need) {
    std::fill(need.begin(), need.end(), 0);
    if (touched.scratch) HazardMap::query(*touched.scratch, need);
    for (std::size_t i = 0; i < touched.count; ++i) HazardMap::query(touched.on_chip[i], need);
}

void record(HazardMap& hazards, const Touched& touched, std::uint32_t index) {
    for (std::size_t i = 0; i < touched.count; ++i) hazards.record(touched.on_chip[i], index);
    if (touched.scratch) hazards.record(*touched.scratch, index);
}

/// The place of a buffer, while anybody touches it; the sequence numbers of `placement.order` are given.
program::Allocation allocation_of(const Buffer& buffer, BufferId b, const Placement& placement,
                                  const std::vector<std::uint32_t>& sequence, int partitions) {
    const auto half = static_cast<std::uint16_t>(partitions / 2);
    program::Allocation a;
    a.name = buffer.name;
    a.partition_start = buffer.half == Half::upper ? half : std::uint16_t{0};
    a.partition_count = buffer.half == Half::both ? static_cast<std::uint16_t>(partitions) : half;
    a.offset = placement.offset[b];
    a.bytes = static_cast<std::uint32_t>(buffer.bytes);
    a.first_sequence = sequence[static_cast<std::size_t>(placement.first[b])];
    a.last_sequence = sequence[static_cast<std::size_t>(placement.last[b])];
    a.layer = buffer.layer;
    a.purpose = buffer.purpose;
    return a;
}

program::Allocation psum_bank(int bank, const program::Target& target, std::uint32_t last_sequence) {
    program::Allocation a;
    a.name = "PSUM bank " + std::to_string(bank);
    a.space = program::Space::psum;
    a.partition_count = static_cast<std::uint16_t>(target.psum_partitions);
    a.offset = static_cast<std::uint32_t>(bank * target.psum_bank_bytes);
    a.bytes = static_cast<std::uint32_t>(target.psum_bank_bytes);
    a.last_sequence = last_sequence;
    return a;
}

void add_allocations(const Code& code, const Placement& placement, const std::vector<std::uint32_t>& sequence,
                     program::Program& program) {
    const program::Target& target = program.target;
    for (BufferId b : code.buffers.ids())
        if (placement.last[b] >= 0)
            program.allocations.push_back(allocation_of(code.buffers[b], b, placement, sequence, target.sb_partitions));
    for (int bank = 0; bank < target.psum_banks; ++bank)
        program.allocations.push_back(psum_bank(bank, target, sequence.empty() ? 0 : sequence.back()));
}

/// Appends instructions to their queues, each with its waits.
class WaitInserter {
public:
    explicit WaitInserter(program::Program& program)
        : program_(program),
          hazards_(program.queues.size()),
          reducer_(program.queues.size()),
          need_(program.queues.size()) {}

    /// Takes over the operation. Returns its sequence number.
    std::uint32_t add(VirtualInstruction& v) {
        // A Sync shifts the index of what follows it, and accesses are recorded under their index: so first find out
        // what is needed, then record.
        const program::Accesses accesses = program::accesses(v.op);
        const Touched touched = find(hazards_, accesses, v.queue, is_scratch(accesses, program_.segments));
        needs(touched, need_);
        const auto waits = reducer_.reduce(v.queue, need_);
        std::size_t carried = 0;
        for (; waits.size() - carried > program::kMaxWaits; carried += program::kMaxWaits)
            append(v, program::Sync{}, waits, carried);
        record(hazards_, touched, static_cast<std::uint32_t>(program_.queues[v.queue].instructions.size()));
        append(v, v.op, waits, carried);
        return sequence_ - 1;
    }

private:
    program::Program& program_;
    HazardMap hazards_;
    WaitReducer reducer_;
    Counts need_;
    std::uint32_t sequence_ = 0;

    /// As many of the waits as one instruction can carry, from number `first` on.
    void append(const VirtualInstruction& v, const program::Operation& op, const std::vector<program::Wait>& waits,
                std::size_t first) {
        Instruction& in = program_.queues[v.queue].instructions.emplace_back();
        in.op = op;
        for (std::size_t w = first; w < std::min(first + program::kMaxWaits, waits.size()); ++w)
            in.waits.push(waits[w]);
        in.layer = v.layer;
        in.image = v.image;
        in.sequence = sequence_++;
        reducer_.issue(v.queue, in.waits);
    }
};

void reserve_queues(const Placement& placement, program::Program& program) {
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        const std::size_t instructions = placement.queue_length[q];
        program.queues[q].instructions.reserve(instructions + instructions / 64);  // and some Syncs
    }
}

}  // namespace

void insert_waits(Code&& code, const Placement& placement, program::Program& program) {
    program.queues = code.queues;
    program.segments = std::move(code.segments);
    reserve_queues(placement, program);
    WaitInserter inserter(program);
    std::vector<std::uint32_t> sequence;
    sequence.reserve(placement.order.size());
    std::size_t gone = 0;  // finished instructions that were taken off the front of the code
    for (std::int32_t position : placement.order) {
        VirtualInstruction& v = code.instructions[static_cast<std::size_t>(position) - gone];
        set_addresses(v, placement.offset);
        sequence.push_back(inserter.add(v));
        v.queue = program::kNoQueue;
        for (; !code.instructions.empty() && code.instructions.front().queue == program::kNoQueue; ++gone)
            code.instructions.pop_front();
    }
    add_allocations(code, placement, sequence, program);
    for (StaticLoad& load : code.static_loads) {
        if (placement.last[load.buffer] < 0) continue;  // nobody reads it
        load.op.dst.offset += placement.offset[load.buffer];
        program.static_loads.push_back(load.op);
    }
}

}  // namespace infsim::compiler
