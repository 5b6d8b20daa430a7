// One point from files to a record: compile, simulate, observe, check.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/why_slow.hpp"
#include "compiler/compile.hpp"
#include "flow/point/point.hpp"
#include "flow/run/run_data.hpp"
#include "flow/run/tracing.hpp"
#include "record/record.hpp"
#include "stats/layers.hpp"

namespace infsim::flow {

/// Wall-clock seconds; never part of a record.
struct Timing {
    double compile_seconds = 0;
    double simulate_seconds = 0;
    std::int64_t simulated_instructions = 0;
    std::vector<compiler::PassReport> passes;
};

struct RunOptions {
    bool verify = false;                ///< see compiler::CompileExtras
    bool timeline = false;              ///< also keep the spans of the first measured inference of core 0
    std::optional<TraceOptions> trace;  ///< also write a trace of the first start
    /// Also compute: the inference that runs alone on core 0 carries these. Called once the point is known to fit.
    std::function<Inputs()> inputs;
};

/// The results of one start.
struct OffsetSet {
    std::int64_t seed = 0;
    double throughput = 0, throughput_low = 0, throughput_high = 0;  ///< items per second
    double latency_ms_p50 = 0;
    std::int64_t inferences_measured = 0;  ///< per core
};

/// All results of a run. `layers`, `causes`, `layers_csv` and `timeline_csv` are empty if nothing ran.
struct PointResult {
    record::RunRecord record;
    std::vector<OffsetSet> offset_sets;  ///< the record's figures are those of the first
    std::vector<stats::LayerRow> layers;
    std::vector<analysis::Cause> causes;             ///< where the time of the same inference went
    std::string layers_csv;                          ///< the layers as text
    std::vector<compiler::LiveTensor> live_tensors;  ///< of a point that does not fit, largest first
    std::string timeline_csv;
    std::vector<tensorio::NamedArray> outputs;  ///< of RunOptions::inputs
    std::optional<Duration> alone_service;      ///< of the inference alone, which computes
    Timing timing;
};

compiler::CompileResult compile_point(const Point& point, const compiler::CompileExtras& extras = {});
/// Why the point does not compile; see compiler::refusal_of.
std::optional<compiler::DoesNotFit> refusal_of(const Point& point);
/// The same with a less detailed reason; see compiler::quick_refusal_of.
std::optional<compiler::DoesNotFit> quick_refusal_of(const Point& point);

/// The possible throughput of a point in items per second, without a simulation.
struct Prospect {
    double most = 0;      ///< no run exceeds it: the roofline of its Program
    double expected = 0;  ///< by the compiler's estimate, each core with its share of DRAM
};
/// Compiles a point; empty if it does not fit.
std::optional<Prospect> prospect_of(const Point& point);

/// Compiles and simulates a point; once per process if it fits, because SystemC elaborates once.
/// The record holds the long run from the usual start (closed_loop.hpp) and minimum, median and maximum over all
/// Point::offset_sets starts: further ones are drawn from the seeds seed + 1, seed + 2, ..., each as if it ran alone on
/// a new chip. Data do not change the record, because only the first inference carries them. Throws exec::DataFault, an
/// InternalError, if the program reads wrong bytes.
/// A point that does not fit gives a record with status infeasible. Throws InputError for what the compiler does not
/// support and InternalError when an invariant or an end-of-run check fails.
PointResult run_point(const Point& point, const RunOptions& options = {});

/// The part of a record that is known before the run; status is `failed` until the result is known.
record::RunRecord record_of(const Point& point);

}  // namespace infsim::flow
