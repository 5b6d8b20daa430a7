// A point: everything that determines one row of a table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/dtype.hpp"
#include "base/json.hpp"
#include "base/problems.hpp"
#include "compiler/options.hpp"
#include "flow/point/extents.hpp"
#include "flow/point/setting.hpp"
#include "graph/graph.hpp"
#include "hw/energy.hpp"
#include "hw/load.hpp"
#include "hw/spec.hpp"

namespace infsim::flow {

/// Incremented when equal inputs give different results than before, so that stored results are not mistaken for new
/// ones.
constexpr int kResultsEpoch = 18;

/// Accepted counts start at 1 and end here; larger ones are typing mistakes.
constexpr std::int64_t kMaxBatch = 4096, kMaxCores = 64, kMaxWorkers = 64, kMaxOffsetSets = 1024, kMinInferences = 8,
                       kMaxInferences = 100'000;
/// With a second inference outstanding, host transfers hide behind the first; published rows of AWS have two.
constexpr int kDefaultWorkers = 2;

/// The source of a point's figures: simulation, or the compiler's estimate of its Program.
enum class Method : std::uint8_t { simulation, estimate };

/// A point as requested: names of files and settings on top of them. Paths are relative to the current folder.
struct PointRequest {
    std::string model;
    Extents extents;
    std::string chip, compiler;  ///< files; empty: the defaults
    int batch = 1;
    DType dtype = DType::fp16;
    std::optional<DType> io_dtype;  ///< empty: as dtype
    int cores = 0;                  ///< 0: all the chip has
    int workers = kDefaultWorkers;
    std::int64_t seed = 0;  ///< of the jitter of calls
    int offset_sets = 1;    ///< starts to measure from
    int inferences = 0;     ///< to measure per core; 0: as many as the interval needs (closed_loop.hpp)
    Method method = Method::simulation;
    /// Keys with "chip." or "compiler." in front, where later ones win, or names of Neuron's flags (neuron_flags.hpp),
    /// which our keys override.
    std::vector<Setting> settings;
};

/// As JSON for a worker process, and back. point_request_from_json expects what to_json wrote.
json::Value to_json(const PointRequest& request);
PointRequest point_request_from_json(const json::Document& document, Problems& problems);

/// A point with its files read.
struct Point {
    std::string model_name;
    std::string model_file;  ///< as requested; for messages
    Extents extents;
    graph::Graph graph;
    hw::ChipSpec chip;
    hw::EnergySpec energy;  ///< of the chip file; not part of the identity
    compiler::CompileOptions compiler;
    int batch = 1;
    DType dtype = DType::fp16, io_dtype = DType::fp16;
    int cores = 1, workers = kDefaultWorkers;
    std::int64_t seed = 0;
    int offset_sets = 1, inferences = 0;
    Method method = Method::simulation;
    std::string id;  ///< see point_id
};

/// Model files read once for many points.
class ModelCache {
public:
    struct Entry {
        graph::Graph graph;
        std::string content_hash;
    };
    /// `notice` is called once with each notice of a model's reader (graph::Graph::notices), a line each.
    using Notice = std::function<void(const std::string&)>;
    explicit ModelCache(Notice notice = {}) : notice_(std::move(notice)) {}
    /// Reads a model when first requested, with these operators on the host; nullptr after adding the reasons to
    /// `problems` (each time).
    const Entry* load(const std::string& model, const Extents& extents, const std::vector<std::string>& host_operators,
                      Problems& problems);

private:
    struct Loaded {
        std::string model;
        Extents extents;
        std::vector<std::string> host_operators;
        std::optional<Entry> entry;
        Problems problems;
    };
    std::vector<std::unique_ptr<Loaded>> loaded_;
    Notice notice_;
};

/// The chip file that a request names, with its settings. Empty if anything was added to `problems`.
std::optional<hw::ChipFile> chip_of(const PointRequest& request, Problems& problems);

/// Reads and checks everything a request names. Empty if anything was added to `problems`: missing or wrong files, an
/// impossible batch, core or worker count, a batch above 1 of a graph that is not batchable.
std::optional<Point> resolve(const PointRequest& request, ModelCache& models, Problems& problems);

/// A hint for a message that the chip has fewer than `cores` cores; "" if no chip can have as many.
std::string more_cores(std::int64_t cores);

/// 16 hexadecimal digits: the hash of the canonical JSON of everything that determines the results (model
/// content with what of it the host runs, extents where any are given, batch, types, chip, compiler options, cores,
/// workers, seed, offset sets, inferences, method, kResultsEpoch, record version). Not of paths, provenance,
/// questions, energy or prices.
std::string point_id(const Point& point, const std::string& model_hash);

/// Hash of what a graph computes: nodes, attributes, shapes, constants (files by their bytes). Names of
/// tensors count, because reports show them; the file's name and layout do not.
std::string content_hash(const graph::Graph& graph);

}  // namespace infsim::flow
