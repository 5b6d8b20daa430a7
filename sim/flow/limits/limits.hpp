// The limits of a network on a chip, each with a proof of why not one more.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "compiler/compile.hpp"
#include "flow/limits/levers.hpp"
#include "flow/limits/limit_search.hpp"
#include "flow/run/run_point.hpp"
#include "record/record.hpp"

namespace infsim::flow {

struct LimitsOptions {
    int most = 64;                     ///< upper end of the search
    int window = 4;                    ///< batches above and below a limit that are verified, see find_largest
    std::optional<double> latency_ms;  ///< bound on the 99th percentile of the latency
    bool simulate = true;              ///< also the limits that need simulations
    bool levers = true;                ///< also changes that would help; these take most of the compilations
};

/// How a batch compiles or runs. The caller supplies it, so that searches can be tested with made-up compilers.
struct LimitsTools {
    /// Empty if it fits; otherwise the first reason, without a text if that is not known yet. Throws InputError for
    /// invalid requests.
    std::function<std::optional<compiler::DoesNotFit>(const PointRequest&)> compile;
    /// The same for a request that does not fit, with a full explanation.
    std::function<compiler::DoesNotFit(const PointRequest&)> explain;
    /// The estimated throughput of a batch; empty if it does not fit.
    std::function<std::optional<Prospect>(const PointRequest&)> prospect;
    /// Records of requests that fit, in their order.
    std::function<std::vector<record::RunRecord>(const std::vector<PointRequest>&)> simulate;
    std::function<void(const std::string&)> say = [](const std::string&) {};     ///< progress
    ModelCache::Notice notice;                                                   ///< of the model's reader
    std::function<void(const std::string&)> answer = [](const std::string&) {};  ///< a limit, as soon as it is known
};

/// A change that has been compiled, with the largest batch that it reaches: it fits and one more does not.
struct ProvenLever {
    std::string name, change;
    int batch = 0;
    bool open = false;  ///< the search ended there
};

/// Why not one more.
struct Certificate {
    int batch = 0;                    ///< the one that is refused or worse
    std::string resource, unit;       ///< as in DoesNotFit, or "throughput" in items/s, "latency" in ms
    double capacity = 0, demand = 0;  ///< refused if demand exceeds capacity; for throughput, if it is below
    double gap = 0;                   ///< their difference
    std::optional<compiler::DoesNotFit> refusal;
    std::vector<ProvenLever> levers;
    std::string text;

    /// The text without the live tensors.
    std::string headline() const { return text.substr(0, text.find("; alive: ")); }
};

struct Limit {
    int batch = 0;      ///< 0: none
    bool open = false;  ///< "N or more": the search ended there
    std::vector<int> holes, asked;
    std::optional<record::RunRecord> record;  ///< of `batch`, if simulated
    std::optional<Certificate> certificate;   ///< empty if the limit is open
};

struct Limits {
    std::string model, chip, compiler;
    DType dtype = DType::fp16, io_dtype = DType::fp16;
    int most = 64;
    std::string note;                  ///< why `most` is less than requested; may be empty
    Limit resident;                    ///< fits without spilling, every layer on the whole batch
    std::optional<Limit> sub_batched;  ///< fits without spilling, parts of the network on some of the images; empty
                                       ///< where the profile has no search.sections
    Limit any;                         ///< fits as the compiler profile compiles
    std::optional<Limit> best_throughput, latency;
};

/// The request that fits exactly if a batch is resident: nothing spilled, every layer on the whole batch.
PointRequest resident_request(const PointRequest& request);

/// Finds the limits of `request` (its batch does not matter). Throws InputError for a request that does not resolve.
Limits find_limits(const PointRequest& request, const LimitsOptions& options, const LimitsTools& tools);

/// Tools that really compile; they keep the models and chips that they have read.
LimitsTools compiling_tools();

/// {"model", "limits": {"resident": {"batch", "certificate", ...}, "sub_batched", "any", "best_throughput", "latency"},
/// ...}, see configs/schemas/limits.schema.json.
json::Value to_json(const Limits& limits);

}  // namespace infsim::flow
