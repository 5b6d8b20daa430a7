#include "exec/execute.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "exec/compute.hpp"
#include "program/runs.hpp"

namespace infsim::exec {

using program::InstructionId;
using program::Program;

ExecState::ExecState(const Program& program, Tracking tracking) : memory(program) {
    if (tracking == Tracking::on) tracker.emplace(program);
}

namespace {

program::DramAccess dram_access(const Program& program, InstructionId id) {
    return *program::accesses(program::at(program, id).op).dram;
}

/// The base of the addresses in an instruction's DRAM rows.
std::byte* base_of(const program::DramAccess& access, Memory& memory) {
    return memory.dram[access.pattern.segment].data() + access.pattern.offset;
}

void fetch(const Program& program, Effect& effect, Memory& memory) {
    if (!effect.dram) return;
    const program::DramAccess access = dram_access(program, effect.id);
    if (!access.write) gather(base_of(access, memory), *effect.dram, effect.bytes.data());
}

}  // namespace

Effect read_sources(const Program& program, InstructionId id, ExecState& state, DramSide side) {
    Effect effect;
    effect.id = id;
    check_operands(program, id, state);
    if (state.tracker) {
        state.tracker->check_sources(program, id);
        effect.source_hash = state.tracker->hash_sources(program, id, state.memory);
        state.tracker->begin_write(program, id);
    }
    compute(program, id, state, effect);
    if (side == DramSide::here) fetch(program, effect, state.memory);
    return effect;
}

namespace {

void write_result(const Program& program, const Effect& effect, Memory& memory, DramSide side) {
    const program::Operation& op = program::at(program, effect.id).op;
    if (const auto* m = std::get_if<program::Matmul>(&op)) {
        if (!m->accumulate) return store(memory, m->dst, effect.sums.data());
        std::vector<float> sums(effect.sums.size());
        load(memory, m->dst, sums.data());
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += effect.sums[i];
        return store(memory, m->dst, sums.data());
    }
    const program::Accesses accesses = program::accesses(op);
    if (accesses.dram && accesses.dram->write) {
        if (side == DramSide::here) scatter(base_of(*accesses.dram, memory), *effect.dram, effect.bytes.data());
        return;
    }
    for (const auto& access : accesses)
        if (access.write) scatter(memory, access.pattern, effect.bytes.data());
}

}  // namespace

void write(const Program& program, const Effect& effect, ExecState& state, DramSide side) {
    if (state.tracker) state.tracker->recheck_sources(program, effect.id, state.memory, effect.source_hash);
    write_result(program, effect, state.memory, side);
    if (state.tracker) state.tracker->end_write(program, effect.id);
}

void execute(const Program& program, InstructionId id, ExecState& state) {
    Effect effect;
    effect.id = id;
    check_operands(program, id, state);
    if (state.tracker) state.tracker->check_sources(program, id);
    compute(program, id, state, effect);
    fetch(program, effect, state.memory);
    write_result(program, effect, state.memory, DramSide::here);
    if (state.tracker) state.tracker->end_write(program, id);
}

void load_static(const Program& program, Memory& memory) {
    std::vector<std::byte> bytes;
    for (const program::DmaLoad& load : program.static_loads) {
        const program::DramAccess from = *program::accesses(load).dram;
        INFSIM_CHECK(inside(memory, load.dst) && inside(memory, from), "static loads stay inside their memories");
        bytes.resize(static_cast<std::size_t>(program::total_bytes(load.dst)));
        gather(base_of(from, memory), rows_of(from), bytes.data());
        scatter(memory, load.dst, bytes.data());
    }
}

void run_serial(const Program& program, ExecState& state) {
    std::vector<const program::Allocation*> births;
    if (state.tracker)
        for (const auto& a : program.allocations) births.push_back(&a);
    std::stable_sort(births.begin(), births.end(),
                     [](const auto* a, const auto* b) { return a->first_sequence < b->first_sequence; });
    std::size_t born = 0;
    const auto forget_until = [&](std::uint32_t sequence) {
        for (; born < births.size() && births[born]->first_sequence <= sequence; ++born)
            state.tracker->forget(*births[born]);
    };
    forget_until(0);
    load_static(program, state.memory);
    if (state.tracker) state.tracker->note_static_loads(program);
    for (InstructionId id : program::serial_order(program)) {
        forget_until(program::at(program, id).sequence);
        execute(program, id, state);
    }
}

}  // namespace infsim::exec
