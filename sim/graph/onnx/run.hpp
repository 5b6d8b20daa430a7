// One importer run over a file. Private to the import.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/problems.hpp"
#include "graph/onnx/batch.hpp"
#include "graph/onnx/host.hpp"
#include "graph/onnx/importer.hpp"

namespace infsim::graph::onnx_import {

/// The opset of the default domain. Throws InputError if it is not supported.
std::int64_t opset_of(const OnnxFile& file);
/// How messages name a node.
std::string located(const ::onnx::NodeProto& node, int position);

/// An importer run over one file with one interpretation of the batch.
class Run {
public:
    /// `values` of the host's sources, to compute the host's part; otherwise null. All outlive the run.
    Run(const OnnxFile& file, const ImportOptions& options, const BatchPlan& plan, Problems& problems,
        const SourceValues* values = nullptr);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /// Shapes by name at the batch extent `trial`, from a run that may have failed partly.
    void expect(std::map<std::string, Shape> shapes, std::int64_t trial) {
        import_.builder.expect(std::move(shapes), trial);
    }
    std::map<std::string, Shape> shapes() const;

    /// Adds inputs, constants and nodes.
    void convert_all();
    /// Converts everything to a graph; an empty one if there are problems.
    Graph graph();
    /// The outputs of the model that the host computed.
    std::vector<HostResult> host_results();

private:
    using Outputs = std::vector<std::pair<TensorId, std::string>>;

    HostTail host_tail(Outputs& outputs) const;
    void add_initializers();
    void note_absent(const ::onnx::TensorProto& tensor);
    void add_input(const ::onnx::ValueInfoProto& input);
    void convert(const ::onnx::NodeProto& proto, int position);

    const OnnxFile& file_;
    const ImportOptions& options_;
    BatchPlan plan_;
    Problems& problems_;
    Import import_;
    HostPart host_;
    std::int64_t absent_ = 0;  ///< constants whose file is missing
    std::string absent_location_;
};

}  // namespace infsim::graph::onnx_import
