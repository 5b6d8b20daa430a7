#include "compiler/search/dry_runs.hpp"

#include <utility>

namespace infsim::compiler {

std::variant<Emission, BufferTooLarge, DoesNotFit> dry_run(const EmitInput& input, const Plan& plan,
                                                           std::int64_t capacity, bool keep_code) {
    DryRunRecorder recorder(input.target.dma_engines, input.options.rematerialization && input.options.recompute);
    auto outcome = emit_watched(input, plan, recorder, capacity, keep_code);
    if (auto* no = std::get_if<DoesNotFit>(&outcome)) return std::move(*no);
    if (std::holds_alternative<BufferTooLarge>(outcome)) return BufferTooLarge{};
    auto& watched = std::get<WatchedCode>(outcome);
    Emission emission;
    emission.dry_run = recorder.finish(watched.code);
    emission.dram = dram_needs(watched.code.segments, emission.dry_run.liveness.layer.size());
    emission.dram.scratch = std::move(watched.scratch);
    emission.dram.turn_waits = turn_waits(emission.dry_run.scratch_stores, input.target.dma_engines);
    if (watched.whole) emission.code = std::move(watched.code);
    return emission;
}

}  // namespace infsim::compiler
