// Small ONNX models and graphs for these tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "graph/check.hpp"
#include "graph/graph.hpp"
#include "graph/json_form.hpp"
#include "graph/onnx_import.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

// What Debian's library was built with.
#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

namespace infsim::test {

using Ints = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

inline void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Writes ONNX models piece by piece.
class OnnxModel {
public:
    explicit OnnxModel(int opset = 13) {
        model.set_ir_version(7);
        model.add_opset_import()->set_version(opset);
    }

    /// An extent of -1 is symbolic, named after its axis: "d0", "d1", ...
    OnnxModel& input(const std::string& name, const Ints& shape, int type = onnx::TensorProto::FLOAT) {
        describe(*model.mutable_graph()->add_input(), name, shape, type);
        return *this;
    }
    OnnxModel& output(const std::string& name) {
        describe(*model.mutable_graph()->add_output(), name, {}, onnx::TensorProto::FLOAT);
        return *this;
    }
    OnnxModel& floats(const std::string& name, const Ints& shape, const std::vector<float>& values) {
        auto& t = *model.mutable_graph()->add_initializer();
        t.set_name(name);
        t.set_data_type(onnx::TensorProto::FLOAT);
        for (const auto e : shape) t.add_dims(e);
        t.set_raw_data(values.data(), values.size() * sizeof(float));
        return *this;
    }
    OnnxModel& fill(const std::string& name, const Ints& shape, float value) {
        std::int64_t count = 1;
        for (const auto e : shape) count *= e;
        return floats(name, shape, std::vector<float>(static_cast<std::size_t>(count), value));
    }
    OnnxModel& integers(const std::string& name, const Ints& values, bool scalar = false) {
        auto& t = *model.mutable_graph()->add_initializer();
        t.set_name(name);
        t.set_data_type(onnx::TensorProto::INT64);
        if (!scalar) t.add_dims(static_cast<std::int64_t>(values.size()));
        for (const auto v : values) t.add_int64_data(v);
        return *this;
    }
    onnx::NodeProto& node(const std::string& op, const Names& inputs, const Names& outputs) {
        auto& n = *model.mutable_graph()->add_node();
        n.set_op_type(op);
        n.set_name(op + "_" + outputs.front());
        for (const auto& i : inputs) n.add_input(i);
        for (const auto& o : outputs) n.add_output(o);
        return n;
    }
    /// Imports it from a file of that name.
    infsim::graph::Graph import(const infsim::graph::ImportOptions& options = {}) const {
        const TempFolder folder;
        const auto path = folder.file("model.onnx");
        write_bytes(path, model.SerializeAsString());
        return infsim::graph::import_onnx(path, options);
    }

    onnx::ModelProto model;

private:
    static void describe(onnx::ValueInfoProto& info, const std::string& name, const Ints& shape, int type) {
        info.set_name(name);
        auto& tensor = *info.mutable_type()->mutable_tensor_type();
        tensor.set_elem_type(type);
        auto& dims = *tensor.mutable_shape();
        for (std::size_t i = 0; i < shape.size(); ++i) {
            if (shape[i] >= 0) dims.add_dim()->set_dim_value(shape[i]);
            else dims.add_dim()->set_dim_param("d" + std::to_string(i));
        }
    }
};

inline onnx::NodeProto& set(onnx::NodeProto& n, const std::string& name, std::int64_t value) {
    auto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(value);
    return n;
}
inline onnx::NodeProto& set(onnx::NodeProto& n, const std::string& name, float value) {
    auto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(value);
    return n;
}
inline onnx::NodeProto& set(onnx::NodeProto& n, const std::string& name, const Ints& values) {
    auto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::INTS);
    for (const auto v : values) a.add_ints(v);
    return n;
}
inline onnx::NodeProto& set(onnx::NodeProto& n, const std::string& name, const std::string& value) {
    auto& a = *n.add_attribute();
    a.set_name(name);
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(value);
    return n;
}

/// "conv relu add": the operators of a graph in order.
inline std::string ops(const infsim::graph::Graph& g) {
    std::string text;
    for (const auto& node : g.nodes) text += (text.empty() ? "" : " ") + std::string(infsim::graph::op_name(node.op));
    return text;
}

/// What the InputError of a call says; "" where it throws none.
template <class Call>
std::string error_of(Call call) {
    try {
        call();
    } catch (const infsim::InputError& error) {
        return error.what();
    }
    return "";
}

inline std::string import_error(const OnnxModel& model, const infsim::graph::ImportOptions& options = {}) {
    return error_of([&] { model.import(options); });
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Operators with the shapes of their results and their attributes, names left out.
inline std::vector<std::string> structure(const infsim::graph::Graph& g) {
    std::vector<std::string> lines;
    const auto json = infsim::graph::graph_to_json(g, "");
    const auto& nodes = json.as_object().find("nodes")->as_array();
    for (std::size_t i = 0; i < g.nodes.size(); ++i) {
        std::string line(infsim::graph::op_name(g.nodes[i].op));
        for (const auto id : g.nodes[i].inputs) {
            line += " (";
            for (const auto e : g.tensor(id).shape) line += std::to_string(e) + " ";
            line += ")";
        }
        if (const auto* a = nodes[i].as_object().find("attributes")) line += " " + infsim::json::dump_canonical(*a);
        lines.push_back(line);
    }
    return lines;
}

inline const infsim::graph::Shape& output_shape(const infsim::graph::Graph& g, std::size_t i = 0) {
    return g.tensor(g.outputs.at(i)).shape;
}

/// The first problem of a check, or "".
inline std::string first_problem(const infsim::graph::Graph& g) {
    const auto problems = infsim::graph::check(g);
    return problems.empty() ? "" : infsim::to_text(problems.list().front());
}

/// Writes a network of tests/onnxruntime/light_networks.py, in the form of another exporter.
inline void write_light_network(const std::string& name, const std::string& path) {
    const auto script = infsim::source_folder("/tests/onnxruntime/light_networks.py");
    const auto command = "/usr/bin/python3 -B '" + script + "' " + name + " '" + path + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}
inline std::string models_folder() { return infsim::source_folder("/models"); }

}  // namespace infsim::test
