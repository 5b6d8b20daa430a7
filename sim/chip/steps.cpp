#include "chip/steps.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "program/operands.hpp"

namespace infsim::chip {

namespace {

using program::Engine;
using program::Instruction;
using program::Program;
using program::Purpose;

observe::Stall blame_of(Purpose purpose) {
    switch (purpose) {
        case Purpose::weights:
        case Purpose::constants: return observe::Stall::wait_weights;
        case Purpose::input: return observe::Stall::wait_input;
        case Purpose::output: return observe::Stall::wait_output;
        case Purpose::spill:
        case Purpose::relayout: return observe::Stall::wait_dma_other;
    }
    internal_error(__FILE__, __LINE__, "unknown purpose");
}

observe::Stall blame_of(Engine engine) {
    switch (engine) {
        case Engine::pe: return observe::Stall::wait_pe;
        case Engine::act: return observe::Stall::wait_act;
        case Engine::pool: return observe::Stall::wait_pool;
        case Engine::dma: return observe::Stall::wait_dma_other;
    }
    internal_error(__FILE__, __LINE__, "unknown engine");
}

void add_transfer(const hw::ChipSpec& spec, const Program& program, const Instruction& instruction, StepQueue& queue,
                  Step& step) {
    const cost::DmaDemand demand = cost::dma_demand(spec, instruction);
    StepTransfer t{demand.payload, demand.billed, 0, 0, demand.dram.count() > 0, demand.writes_dram, {}};
    if (const auto dram = program::accesses(instruction.op).dram) {
        INFSIM_CHECK(dram->pattern.segment < program.segments.size(),
                     "an instruction names a segment that is not there");
        const auto& segment = program.segments[dram->pattern.segment];
        INFSIM_CHECK(segment.region < spec.dram.channels,
                     "segment '" + segment.name + "' lies in no region of the core");
        t.region = segment.region;
        t.address = segment.address + dram->pattern.offset;
        t.walk = walk_of(instruction);
        step.blames = blame_of(segment.purpose);
    }
    step.moves = true;
    step.what = static_cast<std::uint32_t>(queue.transfers.size());
    queue.transfers.push_back(t);
}

/// Adds the cost if the queue does not have it yet.
std::uint32_t cost_index(const cost::EngineCost& cost, StepQueue& queue) {
    const auto same = [&](const StepCost& c) { return c.occupancy == cost.occupancy && c.latency == cost.latency; };
    const auto at = std::find_if(queue.costs.rbegin(), queue.costs.rend(), same);
    if (at != queue.costs.rend()) return static_cast<std::uint32_t>(queue.costs.rend() - at - 1);
    queue.costs.push_back({cost.occupancy, cost.latency});
    return static_cast<std::uint32_t>(queue.costs.size() - 1);
}

Step make_step(const hw::ChipSpec& spec, const Program& program, const Instruction& instruction, bool behind_matmul,
               StepQueue& queue) {
    Step step;
    step.first_wait = static_cast<std::uint32_t>(queue.waits.size());
    step.wait_count = static_cast<std::uint8_t>(instruction.waits.size());
    for (int w = 0; w < step.wait_count; ++w) queue.waits.push_back(instruction.waits[w]);
    step.blames = blame_of(queue.engine);
    const auto engine = program::engine_of(instruction.op);
    INFSIM_CHECK(!engine || *engine == queue.engine,
                 std::string(program::mnemonic(instruction.op)) + " is in the queue of another engine");
    for (int w = 0; w < step.wait_count; ++w)
        INFSIM_CHECK(queue.wait(step, w).queue < program.queues.size(),
                     "an instruction waits for a queue that is not there");
    if (cost::is_dma(instruction)) {
        add_transfer(spec, program, instruction, queue, step);
    } else {
        step.what = cost_index(cost::engine_cost(spec, instruction, behind_matmul), queue);
        step.takes_port = cost::takes_psum_port(spec, instruction);
    }
    return step;
}

}  // namespace

StepProgram make_steps(const hw::ChipSpec& spec, const Program& program) {
    StepProgram result;
    for (const program::Queue& source : program.queues) {
        StepQueue queue;
        queue.engine = source.engine;
        queue.engine_index = source.engine_index;
        queue.ring = source.ring;
        INFSIM_CHECK(source.engine_index < (source.engine == Engine::dma ? spec.dma.engines_per_core : 1) &&
                         source.ring < (source.engine == Engine::dma ? spec.dma.rings_per_engine : 1),
                     "a queue names an engine or ring that is not there");
        queue.steps.reserve(source.instructions.size());
        bool behind_matmul = false;
        for (const Instruction& instruction : source.instructions) {
            queue.steps.push_back(make_step(spec, program, instruction, behind_matmul, queue));
            behind_matmul = std::holds_alternative<program::Matmul>(instruction.op);
        }
        result.queues.push_back(std::move(queue));
    }
    for (std::size_t a = 0; a < result.queues.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) {
            const auto &x = result.queues[a], &y = result.queues[b];
            INFSIM_CHECK(x.engine != y.engine || x.engine_index != y.engine_index || x.ring != y.ring,
                         queue_name(result, a) + " and queue " + std::to_string(b) + " are the same hardware queue");
        }
    for (std::uint32_t s = 0; s < program.segments.size(); ++s) {
        const program::Segment& segment = program.segments[s];
        if (segment.bytes == 0) continue;
        INFSIM_CHECK(segment.region < spec.dram.channels,
                     "segment '" + segment.name + "' lies in no region of the core");
        const HostPiece piece{s, segment.region, segment.address, Bytes{segment.bytes}};
        if (segment.purpose == Purpose::input) result.inputs.push_back(piece);
        if (segment.purpose == Purpose::output) result.outputs.push_back(piece);
    }
    return result;
}

std::string queue_name(const StepProgram& program, std::size_t queue) {
    const StepQueue& q = program.queues[queue];
    const std::string name = "queue " + std::to_string(queue) + " (";
    switch (q.engine) {
        case Engine::pe: return name + "pe)";
        case Engine::act: return name + "act)";
        case Engine::pool: return name + "pool)";
        case Engine::dma:
            return name + "dma engine " + std::to_string(q.engine_index) + " ring " + std::to_string(q.ring) + ")";
    }
    internal_error(__FILE__, __LINE__, "unknown engine");
}

}  // namespace infsim::chip
