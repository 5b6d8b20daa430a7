// The part of a model that the host runs after the chip: operators whose work depends on data (TopK,
// NonMaxSuppression, NonZero) and everything that reads their results. The Graph ends where this begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/onnx_import.hpp"

namespace infsim::graph {

struct HostTail {
    /// A node of the model. `elements` that it reads per item: its inputs without constants; for a gather or slice
    /// only what it picks; for a view none. An extent that depends on data counts as the largest possible.
    struct Step {
        std::string name, op;
        std::int64_t elements = 0;
    };
    /// A tensor that the tail reads. `tensor`: the same tensor among the graph's outputs, or inputs (which the host has
    /// anyway). `rows`: an item consists of that many equal parts; the batch axis goes in front of each part.
    struct Source {
        std::string name, tensor;
        bool input = false;
        std::int64_t rows = 1;
    };
    /// An output of the model, in the model's order; `computed` by the tail, otherwise by the graph. `open`: its shape
    /// depends on data.
    struct Result {
        std::string name;
        bool computed = false, open = false;
    };

    std::string file;  ///< the model, read again to compute the tail, so that shapes may depend on data
    ImportOptions options;
    std::vector<Step> steps;
    std::vector<Source> sources;
    std::vector<Result> results;
    /// Runs once for the whole batch (if the model's batch is open), otherwise once per item.
    bool whole_batch = false;

    std::int64_t elements() const;  ///< per item, all steps
};

/// The operators that the host may be allowed to run, sorted.
const std::vector<std::string>& host_operators();

/// Values of a source by item (only one if all items share it), row-major.
struct HostSource {
    std::string name;
    std::vector<std::vector<double>> items;
};
struct HostResult {
    std::string name;
    Shape shape;
    DType dtype = DType::fp32;
    std::vector<double> values;
};

/// Runs the tail for a batch. If it runs item by item, results are stacked like outputs of the chip, except those whose
/// shape depends on data: with several items each has its own, NAME[0], NAME[1], ...
/// Throws InputError if these values have no result.
std::vector<HostResult> run_host_tail(const HostTail& tail, const std::vector<HostSource>& sources, int batch);

}  // namespace infsim::graph
