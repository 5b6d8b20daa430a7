#include "program/happens_before.hpp"

#include <algorithm>

namespace infsim::program {

HappensBefore::HappensBefore(const Program& program, const std::vector<InstructionId>& order)
    : queues_(program.queues.size()) {
    std::size_t rows = 0;
    for (const Queue& q : program.queues) {
        first_.push_back(rows);
        rows += q.instructions.size();
    }
    clocks_.assign(rows * queues_, 0);
    const auto join = [&](std::uint32_t* into, const std::uint32_t* from) {
        for (std::size_t q = 0; q < queues_; ++q) into[q] = std::max(into[q], from[q]);
    };
    for (InstructionId id : order) {
        std::uint32_t* mine = known(id);
        if (id.index > 0) join(mine, known({id.queue, id.index - 1}));  // issue follows issue
        const Waits& waits = at(program, id).waits;
        for (int w = 0; w < waits.size(); ++w) {
            const Wait wait = waits[w];
            if (mine[wait.queue] >= wait.count) continue;
            // Everything known when the awaited instruction issued is known when it has retired; earlier
            // instructions of its queue issued earlier, so they only add their own retirement.
            join(mine, known({wait.queue, wait.count - 1}));
            mine[wait.queue] = wait.count;
        }
    }
}

}  // namespace infsim::program
