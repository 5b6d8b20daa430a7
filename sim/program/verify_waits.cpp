#include <fmt/format.h>

#include "program/runs.hpp"
#include "program/verify_parts.hpp"

namespace infsim::program {
namespace {

/// Whether the queue and count of every wait exist. If not, the later checks would be meaningless.
bool verify_wait_targets(const Program& program, Findings& findings) {
    bool good = true;
    const auto complain = [&](InstructionId id, std::string text) {
        good = false;
        findings.add(FindingKind::wait, id, std::move(text));
    };
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        const auto& list = program.queues[q].instructions;
        for (std::size_t n = 0; n < list.size(); ++n) {
            const InstructionId id{static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(n)};
            const Waits& waits = list[n].waits;
            for (int w = waits.size(); w < kMaxWaits; ++w)
                if (waits.queue[w] != kNoQueue) complain(id, fmt::format("wait {} follows an empty slot", w));
            for (int w = 0; w < waits.size(); ++w) {
                const Wait wait = waits[w];
                if (wait.queue >= program.queues.size())
                    complain(id, fmt::format("waits for q{}, which does not exist", wait.queue));
                else if (wait.count == 0 || wait.count > program.queues[wait.queue].instructions.size())
                    complain(id, fmt::format("waits for {} of {} instructions of q{}", wait.count,
                                             program.queues[wait.queue].instructions.size(), wait.queue));
            }
        }
    }
    return good;
}

void verify_sequence(const Program& program, Findings& findings) {
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        const auto& list = program.queues[q].instructions;
        for (std::size_t n = 0; n < list.size(); ++n) {
            const InstructionId id{static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(n)};
            if (n > 0 && list[n].sequence <= list[n - 1].sequence)
                findings.add(
                    FindingKind::order, id,
                    fmt::format("sequence {} after {} in the same queue", list[n].sequence, list[n - 1].sequence));
            for (int w = 0; w < list[n].waits.size(); ++w) {
                const Wait wait = list[n].waits[w];
                const auto last = program.queues[wait.queue].instructions[wait.count - 1].sequence;
                if (last >= list[n].sequence)
                    findings.add(FindingKind::order, id,
                                 fmt::format("sequence {} waits for q{}[{}] of sequence {}", list[n].sequence,
                                             wait.queue, wait.count - 1, last));
            }
        }
    }
    const auto order = serial_order(program);
    for (std::size_t i = 1; i < order.size(); ++i)
        if (at(program, order[i]).sequence == at(program, order[i - 1]).sequence)
            findings.add(FindingKind::order, order[i],
                         fmt::format("sequence {} is also that of q{}[{}]", at(program, order[i]).sequence,
                                     order[i - 1].queue, order[i - 1].index));
}

/// Repeatedly advances every queue as far as possible, ignoring time.
void verify_progress(const Program& program, Findings& findings) {
    std::vector<std::size_t> done(program.queues.size(), 0);
    const auto ready = [&](const Instruction& i) {
        for (int w = 0; w < i.waits.size(); ++w)
            if (done[i.waits[w].queue] < i.waits[w].count) return false;
        return true;
    };
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t q = 0; q < program.queues.size(); ++q) {
            const auto& list = program.queues[q].instructions;
            for (; done[q] < list.size() && ready(list[done[q]]); ++done[q]) moved = true;
        }
    }
    for (std::size_t q = 0; q < program.queues.size(); ++q) {
        const auto& list = program.queues[q].instructions;
        if (done[q] == list.size()) continue;
        const Waits& waits = list[done[q]].waits;
        for (int w = 0; w < waits.size(); ++w)
            if (done[waits[w].queue] < waits[w].count)
                findings.add(FindingKind::deadlock, {static_cast<std::uint8_t>(q), static_cast<std::uint32_t>(done[q])},
                             fmt::format("waits for {} of q{}, which stops at {}", waits[w].count, waits[w].queue,
                                         done[waits[w].queue]));
    }
}

}  // namespace

void verify_waits(const Program& program, Findings& findings) {
    if (!verify_wait_targets(program, findings)) return;
    verify_sequence(program, findings);
    verify_progress(program, findings);
}

}  // namespace infsim::program
