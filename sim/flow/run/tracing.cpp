#include "flow/run/tracing.hpp"

#include <fmt/format.h>

namespace infsim::flow {

namespace {

/// Limit for the times of inferences that may turn out to be the last ones.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 30;

/// After how many inferences a core's measurement may end. The one that runs alone comes before core 0's. A single core
/// may end after any number of them.
std::vector<stats::PossibleEnds> possible_ends(const Point& point, const LoopOptions& loop) {
    std::vector<stats::PossibleEnds> ends;
    for (int core = 0; core < point.cores; ++core) {
        const auto before = static_cast<std::uint64_t>(core == 0 ? 1 : 0);
        if (point.cores == 1) ends.push_back({before + 2, 1});
        else
            ends.push_back({before + static_cast<std::uint64_t>(loop.warm_up + loop.least_measured),
                            static_cast<std::uint64_t>(loop.window)});
    }
    return ends;
}

void check_memory(const Point& point, const program::Program& program, const stats::TraceWindow& window) {
    const auto* last = std::get_if<stats::LastInferences>(&window);
    if (last == nullptr) return;
    const std::int64_t each = stats::times_bytes(program) * point.cores;
    if (last->count <= 1 || each <= kMostBytes / last->count) return;
    throw InputError(
        "--trace-window", stats::to_text(window),
        fmt::format("would hold {} MB of times in memory until the run has ended; at most {} inferences of this "
                    "program, or a span of time (10ms..20ms), which is written as it passes",
                    each * last->count / 1'000'000, std::max<std::int64_t>(1, kMostBytes / each)));
}

}  // namespace

Tracing::Tracing(const Point& point, const LoopOptions& loop, const program::Program& program,
                 const stats::ProgramIndex& index, const TraceOptions& options)
    : window_(options.window),
      writer_(options.sink),
      trace_(program, index, point.cores, writer_),
      recorder_(program, possible_ends(point, loop), options.window,
                [this](const stats::InferenceTimes& times) { trace_.add(times); }) {
    check_memory(point, program, options.window);
}

void Tracing::finish(const Measurement& measurement, TimePoint now) {
    std::vector<std::uint64_t> last;
    for (const CoreMeasurement& core : measurement.cores) last.push_back(core.measured.back().inference);
    if (recorder_.finish(last) == 0)
        throw InputError("--trace-window", stats::to_text(window_),
                         "no inference ended in or after it; the run ended at " +
                             fmt::format("{:.3f} ms", milliseconds(now.time_since_epoch())));
    writer_.flush();
}

}  // namespace infsim::flow
