// One run of the importer over a file. Private to the import.
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

/// The opset of the default domain. Throws InputError for one that is not supported.
std::int64_t opset_of(const OnnxFile& file);
/// A node in messages.
std::string located(const ::onnx::NodeProto& node, int position);

/// The importer's run over one file with one way to take the batch.
class Run {
public:
    /// `values`: of the host's sources, where what the host runs is to be computed. All outlive the run.
    Run(const OnnxFile& file, const ImportOptions& options, const BatchPlan& plan, Problems& problems,
        const SourceValues* values = nullptr);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    /// Shapes by name at the batch extent `trial`, of a run that may have failed in part.
    void expect(std::map<std::string, Shape> shapes, std::int64_t trial) {
        import_.builder.expect(std::move(shapes), trial);
    }
    std::map<std::string, Shape> shapes() const;

    /// Adds inputs, constants and nodes.
    void convert_all();
    /// All of them as a graph; an empty one where there are problems.
    Graph graph();
    /// What the host computed of the model's outputs.
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
    std::int64_t absent_ = 0;  ///< constants whose file is not there
    std::string absent_location_;
};

}  // namespace infsim::graph::onnx_import
