// Scenario files: a server, a batching policy, a load, and the bounds and searches for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/json_override.hpp"
#include "base/json_reader.hpp"
#include "base/problems.hpp"
#include "serving/simulate.hpp"

namespace infsim::serving {

/// What is served, as the file names it; flow resolves models and chips.
struct Served {
    std::string model, dtype, io_dtype, chip, compiler;  ///< empty: the default
    int cores = 0;                                       ///< per chip; 0: all it has
    std::optional<int> outstanding;  ///< per core, or more than there are cores when `beyond_cores`; empty: default
    bool beyond_cores = false;       ///< "cores+3"
};

/// One of MLPerf Inference's scenarios (rules, section "Scenarios": percentiles, samples, 600 s each). Early stopping
/// determines the number of queries (early_stopping.hpp).
struct MlPerf {
    enum class Kind { single_stream, multi_stream, server, offline } kind = Kind::server;
    std::string name;
    double percentile = 99;
    std::int64_t samples = 0;  ///< at least
    Duration duration{};
    /// Offline without given samples: enough to last for `duration`, as LoadGen puts them into its single query.
    bool grows = false;
};

/// Whether arrivals drive the simulated chip instead of measured times.
enum class Live { no, yes, near_capacity };

/// What to search for. `sets`: candidates are compiled sizes; at most `at_most` of them may be loaded.
struct Search {
    double tolerance = 0.005;     ///< relative, of the load found
    std::vector<int> candidates;  ///< ascending; empty: only the peak of the server as it is
    int at_most = 1;
};

/// Published figures to print next to the simulated ones.
struct Published {
    std::string source;
    std::optional<double> throughput_avg, latency_ms_p50;
};

struct Scenario {
    std::string file, name, question;
    Served served;
    Run run;
    std::optional<Duration> per_inference;  ///< empty: the chip file's value
    double percentile = 99;                 ///< that the bound is for
    Live live = Live::no;
    std::optional<MlPerf> mlperf;
    std::optional<Search> search;
    std::optional<Published> published;
    std::string load_kind;
};

/// A value set from outside: its key is a path with dots into the file ("load.rate").
using Override = json::Override;

/// Reads a scenario file with overrides applied. Adds all problems with their places: unknown keys, rates that are not
/// positive, requests without items, policies that conflict with the server's batches, traces that are empty or not
/// ascending (file and line). Empty if anything was added.
std::optional<Scenario> read_scenario(const std::string& path, const std::vector<Override>& overrides,
                                      Problems& problems);
/// `log` records the keys that are requested.
std::optional<Scenario> read_scenario(json::Document document, const std::vector<Override>& overrides,
                                      Problems& problems, json::KeyLog* log = nullptr);

/// The scenario's JSON with the applicable overrides.
json::Value with_overrides(json::Value root, const std::vector<Override>& overrides);

/// Limits of a scenario's values.
constexpr std::int64_t kMaxRequests = 20'000'000, kMaxItems = 1'000'000, kMaxSamples = 100'000'000;
constexpr int kMaxChips = 64, kMaxOutstanding = 64;
constexpr double kMinRate = 1e-4, kMaxRate = 1e9;

}  // namespace infsim::serving
