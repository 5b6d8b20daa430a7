// A timeline of a run: which inferences it shows, and where its bytes go.
#pragma once

#include <functional>
#include <string_view>

#include "flow/point/point.hpp"
#include "flow/run/closed_loop.hpp"
#include "program/program.hpp"
#include "stats/program_index.hpp"
#include "stats/trace/recorder.hpp"
#include "stats/trace/timeline_trace.hpp"
#include "stats/trace/window.hpp"

namespace infsim::flow {

struct TraceOptions {
    stats::TraceWindow window = stats::LastInferences{};
    std::function<void(std::string_view)> sink;  ///< takes the trace (stats/trace) in pieces
};

/// Traces the first start of a point. Throws InputError if the window would need too much memory.
class Tracing {
public:
    /// `loop`: how the start is measured.
    Tracing(const Point& point, const LoopOptions& loop, const program::Program& program,
            const stats::ProgramIndex& index, const TraceOptions& options);

    observe::Observer& observer() { return recorder_; }
    /// The first start has been measured, until `now`. Throws InputError if the window is empty.
    void finish(const Measurement& measurement, TimePoint now);

private:
    stats::TraceWindow window_;
    stats::TraceWriter writer_;
    stats::TimelineTrace trace_;
    stats::TraceRecorder recorder_;
};

}  // namespace infsim::flow
