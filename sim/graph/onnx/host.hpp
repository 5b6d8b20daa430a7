// The part of an ONNX model that the host runs: which nodes, what they read and how much. Private to the import.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/host_tail.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// Values of sources by name, for an import that computes the tail.
using SourceValues = std::map<std::string, std::vector<double>>;

/// The tail of a model, next to the import of the chip's part. Its nodes go through the same converters into their own
/// builder: without values to find what they read, with values to compute them.
class HostPart {
public:
    /// `values`: given to compute everything, else null; they outlive the part.
    HostPart(const OnnxFile& file, std::int64_t opset, const std::set<std::string>& operators,
             const SourceValues* values);
    HostPart(const HostPart&) = delete;
    HostPart& operator=(const HostPart&) = delete;

    /// Whether the host runs a node of the main graph: it applies an operator that only the host runs to computed data,
    /// or it reads results of the host.
    bool takes(const ::onnx::NodeProto& node, const Import& chip) const;
    /// Converts a node of the host, called `label` in messages. Throws ShapeError or LostInput.
    void convert(const ::onnx::NodeProto& node, const std::string& label, const Import& chip);

    bool empty() const { return steps_.empty(); }
    bool makes(const std::string& name) const { return made_.count(name) != 0; }
    bool open(const std::string& name) const { return open_.count(name) != 0; }
    /// ONNX names that the tail reads from the chip's import, in the order of their first readers.
    const std::vector<std::string>& sources() const { return sources_; }
    /// The steps, with elements per item for a batch of `extent`.
    std::vector<HostTail::Step> steps(std::int64_t extent) const;
    /// The notes of converters.
    const std::set<std::string>& notes() const { return tail_.notes; }
    /// An output that was computed.
    HostResult result(const std::string& name) const;

private:
    void bring(const std::string& name, const Import& chip);
    void bring_constant(const std::string& name, TensorId id, const Import& chip);
    void convert_inner(const ::onnx::NodeProto& node);
    void convert_one(const ::onnx::NodeProto& node);
    std::int64_t elements_read(const ::onnx::NodeProto& node) const;
    std::int64_t elements(const std::string& name) const;
    void check_runs(const std::string& type, std::size_t first, const std::string& origin) const;

    std::set<std::string> operators_;
    const SourceValues* values_;
    Import tail_;
    std::map<std::string, std::string> made_;  ///< tensor -> the first host operator before it
    std::set<std::string> open_;
    std::vector<std::string> sources_;
    std::vector<HostTail::Step> steps_;
    std::int64_t elements_ = 0;  ///< read so far
};

}  // namespace infsim::graph::onnx_import
