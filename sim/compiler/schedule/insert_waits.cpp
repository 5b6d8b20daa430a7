#include "compiler/schedule/insert_waits.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/check.hpp"
#include "compiler/schedule/hazards.hpp"
#include "program/operands.hpp"

namespace infsim::compiler {

using program::Instruction;

namespace {

void set_addresses(VirtualInstruction& v, const std::vector<std::uint32_t>& offset) {
    for_each_operand(
        v.op,
        [&](program::AccessPattern& ap, int operand, bool) {
            if (ap.space == program::Space::state_buffer)
                ap.offset += offset[static_cast<std::size_t>(v.buffer[static_cast<std::size_t>(operand)])];
        },
        [&](program::ScalarOperand& s, int operand) {
            s.offset += offset[static_cast<std::size_t>(v.buffer[static_cast<std::size_t>(operand)])];
        });
}

/// Weights and inputs are there from the start and outputs are never read; only scratch data have hazards.
bool is_scratch(const program::Accesses& accesses, const std::vector<program::Segment>& segments) {
    return accesses.dram && segments[accesses.dram->pattern.segment].purpose == program::Purpose::spill;
}

/// What the instruction under way touches, each access found once.
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

void add_allocations(const Code& code, const Placement& placement, const std::vector<std::uint32_t>& sequence,
                     program::Program& program) {
    const auto half = static_cast<std::uint8_t>(program.target.sb_partitions / 2);
    for (const BufferId id : code.buffers.ids()) {
        const std::size_t b = id.index();
        if (placement.last[b] < 0) continue;
        const Buffer& buffer = code.buffers[id];
        program::Allocation a;
        a.name = buffer.name;
        a.partition_start = buffer.half == Half::upper ? half : std::uint8_t{0};
        a.partition_count = buffer.half == Half::both ? static_cast<std::uint8_t>(program.target.sb_partitions) : half;
        a.offset = placement.offset[b];
        a.bytes = static_cast<std::uint32_t>(buffer.bytes);
        a.first_sequence = sequence[static_cast<std::size_t>(placement.first[b])];
        a.last_sequence = sequence[static_cast<std::size_t>(placement.last[b])];
        a.layer = buffer.layer;
        a.purpose = buffer.purpose;
        program.allocations.push_back(std::move(a));
    }
    for (int bank = 0; bank < program.target.psum_banks; ++bank) {
        program::Allocation a;
        a.name = "PSUM bank " + std::to_string(bank);
        a.space = program::Space::psum;
        a.partition_count = static_cast<std::uint8_t>(program.target.psum_partitions);
        a.offset = static_cast<std::uint32_t>(bank * program.target.psum_bank_bytes);
        a.bytes = static_cast<std::uint32_t>(program.target.psum_bank_bytes);
        a.last_sequence = sequence.empty() ? 0 : sequence.back();
        program.allocations.push_back(std::move(a));
    }
}

}  // namespace

void insert_waits(Code&& code, const Placement& placement, program::Program& program) {
    program.queues = code.queues;
    program.segments = std::move(code.segments);
    for (std::size_t q = 0; q < program.queues.size(); ++q)
        program.queues[q].instructions.reserve(placement.queue_length[q] +
                                               placement.queue_length[q] / 64);  // and some Syncs
    HazardMap hazards(program.queues.size());
    WaitReducer reducer(program.queues.size());
    Counts need(program.queues.size());
    std::vector<std::uint32_t> sequence_of(placement.order.size());
    std::uint32_t sequence = 0;
    std::size_t gone = 0;  // instructions that were taken off the front of the code, done as they were
    for (std::size_t p = 0; p < placement.order.size(); ++p) {
        VirtualInstruction& v = code.instructions[static_cast<std::size_t>(placement.order[p]) - gone];
        set_addresses(v, placement.offset);
        auto& stream = program.queues[v.queue].instructions;
        // A Sync shifts the index of what follows it, and accesses are recorded under their index: so first find
        // out what is needed, then record.
        const program::Accesses accesses = program::accesses(v.op);
        const bool scratch = is_scratch(accesses, program.segments);
        const Touched touched = find(hazards, accesses, v.queue, scratch);
        needs(touched, need);
        const auto waits = reducer.reduce(v.queue, need);
        const auto emit = [&](program::Operation op, std::size_t from) {
            Instruction& in = stream.emplace_back();
            in.op = std::move(op);
            for (std::size_t w = from; w < std::min(from + program::kMaxWaits, waits.size()); ++w)
                in.waits.push(waits[w]);
            in.layer = v.layer;
            in.image = v.image;
            in.sequence = sequence++;
            reducer.issue(v.queue, in.waits);
        };
        std::size_t carried = 0;
        for (; waits.size() - carried > program::kMaxWaits; carried += program::kMaxWaits)
            emit(program::Sync{}, carried);
        record(hazards, touched, static_cast<std::uint32_t>(stream.size()));
        sequence_of[p] = sequence;
        emit(std::move(v.op), carried);
        v.queue = program::kNoQueue;
        for (; !code.instructions.empty() && code.instructions.front().queue == program::kNoQueue; ++gone)
            code.instructions.pop_front();
    }
    add_allocations(code, placement, sequence_of, program);
}

}  // namespace infsim::compiler
