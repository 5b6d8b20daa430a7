#include "stats/program_index.hpp"

#include "base/check.hpp"

namespace infsim::stats {

namespace {

using program::Program;

void fill_dma(InstructionFacts& facts, const Program& p, const program::Operation& op) {
    const auto set = [&](std::uint32_t segment, const program::AccessPattern& chip_side, bool writes) {
        facts.dram_bytes = static_cast<std::uint32_t>(program::total_bytes(chip_side));
        facts.purpose = static_cast<std::uint8_t>(p.segments.at(segment).purpose);
        facts.writes_dram = writes;
    };
    if (const auto* load = std::get_if<program::DmaLoad>(&op)) set(load->src.segment, load->dst, false);
    if (const auto* store = std::get_if<program::DmaStore>(&op)) set(store->dst.segment, store->src, true);
    if (const auto* gather = std::get_if<program::DmaGather>(&op)) set(gather->table.segment, gather->dst, false);
}

record::AccountedEngine accounted(program::Engine engine) {
    switch (engine) {
        case program::Engine::pe: return record::AccountedEngine::pe;
        case program::Engine::act: return record::AccountedEngine::act;
        case program::Engine::pool: return record::AccountedEngine::pool;
        case program::Engine::dma: return record::AccountedEngine::dma;
    }
    internal_error(__FILE__, __LINE__, "unknown engine");
}

}  // namespace

ProgramIndex::ProgramIndex(const Program& program) : layer_count_(program.layers.size()) {
    for (const program::Queue& queue : program.queues) {
        std::vector<InstructionFacts> all;
        all.reserve(queue.instructions.size());
        for (const program::Instruction& instruction : queue.instructions) {
            INFSIM_CHECK(instruction.layer < layer_count_, "an instruction names a layer that the program lacks");
            InstructionFacts facts;
            facts.layer = instruction.layer;
            facts.image = instruction.image;
            fill_dma(facts, program, instruction.op);
            all.push_back(facts);
        }
        queues_.push_back(std::move(all));
        engines_.push_back(accounted(queue.engine));
    }
}

}  // namespace infsim::stats
