// What of a model the host runs behind the chip: operators whose work depends on data (TopK, NonMaxSuppression,
// NonZero) and everything that reads their results. The Graph beside it ends where this begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/onnx_import.hpp"

namespace infsim::graph {

struct HostTail {
    /// A node of the model. `elements`: what it reads for one item: its inputs without constants, of a gather or slice
    /// what it takes, of a mere view nothing. Where an extent depends on data it counts as the largest possible.
    struct Step {
        std::string name, op;
        std::int64_t elements = 0;
    };
    /// A tensor that the tail reads. `tensor`: the graph's output that is it, or its input, which the host has anyway.
    /// `rows`: within an item each of so many parts of equal size is where the batch goes in front of.
    struct Source {
        std::string name, tensor;
        bool input = false;
        std::int64_t rows = 1;
    };
    /// An output of the model, in its order; `computed` by the tail, else one of the graph. `open`: its shape depends
    /// on data.
    struct Result {
        std::string name;
        bool computed = false, open = false;
    };

    std::string file;  ///< the model, read again to compute: its nodes are ONNX's, so that shapes may depend on data
    ImportOptions options;
    std::vector<Step> steps;
    std::vector<Source> sources;
    std::vector<Result> results;
    /// Runs once for the whole batch, as the model does where its batch is open; else once for each item.
    bool whole_batch = false;

    std::int64_t elements() const;  ///< of one item, all steps
};

/// The operators that a host may be allowed, sorted.
const std::vector<std::string>& host_operators();

/// Values of a source, item by item (one where all items share it), row-major.
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

/// Computes what the tail computes, for a batch. Where it runs item by item, results are stacked as outputs of the chip
/// are, but for those whose shape depends on data: of several items each has one of its own, NAME[0], NAME[1], ...
/// Throws InputError for what cannot be computed with these values.
std::vector<HostResult> run_host_tail(const HostTail& tail, const std::vector<HostSource>& sources, int batch);

}  // namespace infsim::graph
