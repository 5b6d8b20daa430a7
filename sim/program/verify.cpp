#include "program/verify.hpp"

#include <fmt/format.h>

#include "program/verify_parts.hpp"

namespace infsim::program {

const char* finding_name(FindingKind kind) {
    switch (kind) {
        case FindingKind::target: return "target";
        case FindingKind::segment: return "segment";
        case FindingKind::queue: return "queue";
        case FindingKind::engine: return "engine";
        case FindingKind::operand: return "operand";
        case FindingKind::bounds: return "bounds";
        case FindingKind::stationary: return "stationary";
        case FindingKind::wait: return "wait";
        case FindingKind::deadlock: return "deadlock";
        case FindingKind::order: return "order";
        case FindingKind::allocation: return "allocation";
        case FindingKind::not_allocated: return "not allocated";
        case FindingKind::unwritten_read: return "unwritten read";
        case FindingKind::read_only: return "read only";
        case FindingKind::unwritten_output: return "unwritten output";
    }
    return "?";
}

std::string to_text(const Program& program, const Finding& finding) {
    if (finding.queue == kNoQueue) return fmt::format("{}: {}", finding_name(finding.kind), finding.text);
    const Instruction& i = at(program, {finding.queue, finding.index});
    const std::string layer = i.layer < program.layers.size() ? program.layers[i.layer].name : "?";
    return fmt::format("{}: q{}[{}] {} (layer '{}'): {}", finding_name(finding.kind), finding.queue, finding.index,
                       mnemonic(i.op), layer, finding.text);
}

std::vector<Finding> verify(const Program& program, std::size_t max_findings) {
    Findings findings(max_findings);
    verify_frame(program, findings);
    if (program.queues.size() >= kNoQueue) return findings.take();  // larger queue numbers do not exist
    const bool in_bounds = verify_operands(program, findings);
    verify_waits(program, findings);
    if (in_bounds) verify_memory(program, findings);
    return findings.take();
}

}  // namespace infsim::program
