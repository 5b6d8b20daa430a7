// What of an ONNX model the host runs: which nodes, what they read and how much. Private to the import.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/host_tail.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// Values of sources by name, of an import that computes the tail.
using SourceValues = std::map<std::string, std::vector<double>>;

/// The tail of a model beside the import of what the chip runs. Its nodes go through the same converters into a builder
/// of their own: without values to see what they read, with values to compute.
class HostPart {
public:
    /// `values` where all is to be computed; they outlive the part.
    HostPart(const OnnxFile& file, std::int64_t opset, const std::set<std::string>& operators,
             const SourceValues* values);
    HostPart(const HostPart&) = delete;
    HostPart& operator=(const HostPart&) = delete;

    /// Whether a node of the graph itself is the host's: of an operator that only the host runs, on what is computed;
    /// or it reads what the host makes.
    bool takes(const ::onnx::NodeProto& node, const Import& chip) const;
    /// Converts a node that is the host's, read by `label` in messages. Throws ShapeError, or LostInput.
    void convert(const ::onnx::NodeProto& node, const std::string& label, const Import& chip);

    bool empty() const { return steps_.empty(); }
    bool makes(const std::string& name) const { return made_.count(name) != 0; }
    bool open(const std::string& name) const { return open_.count(name) != 0; }
    /// What the tail reads of the chip's import, by ONNX name, in the order of the first reader.
    const std::vector<std::string>& sources() const { return sources_; }
    /// The steps with elements per item of a batch of `extent`.
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
    std::map<std::string, std::string> made_;  ///< by what: the first of the host's own operators before it
    std::set<std::string> open_;
    std::vector<std::string> sources_;
    std::vector<HostTail::Step> steps_;
    std::int64_t elements_ = 0;  ///< read so far
};

}  // namespace infsim::graph::onnx_import
