#include <onnx/onnx_pb.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/problems.hpp"
#include "node_case.hpp"
#include "tensorio/tensor_proto.hpp"

namespace infsim::onnx_node {

namespace fs = std::filesystem;

namespace {

std::vector<tensorio::NamedArray> read_all(const fs::path& folder, const std::string& kind,
                                           const std::vector<std::string>& names) {
    std::vector<tensorio::NamedArray> list;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const fs::path file = folder / (kind + "_" + std::to_string(i) + ".pb");
        if (!fs::exists(file)) break;
        list.push_back(tensorio::read_tensor_proto(file.string()));
        list.back().name = names[i];
    }
    return list;
}

}  // namespace

NodeCase read_case(const std::string& folder) {
    NodeCase c;
    c.name = fs::path(folder).filename().string();
    c.model = folder + "/model.onnx";
    ::onnx::ModelProto model;
    std::ifstream in(c.model, std::ios::binary);
    if (!model.ParseFromIstream(&in)) {
        c.unreadable = "the model cannot be parsed";
        return c;
    }
    std::set<std::string> operators;
    for (const auto& node : model.graph().node()) operators.insert(node.op_type());
    c.operators.assign(operators.begin(), operators.end());
    std::vector<std::string> inputs, outputs;
    for (const auto& v : model.graph().input()) inputs.push_back(v.name());
    for (const auto& v : model.graph().output()) outputs.push_back(v.name());
    try {
        std::set<fs::path> sets;
        for (const auto& entry : fs::directory_iterator(folder))
            if (entry.is_directory()) sets.insert(entry.path());
        for (const auto& set : sets)
            c.data.push_back({read_all(set, "input", inputs), read_all(set, "output", outputs)});
    } catch (const InputError& e) {
        c.unreadable = e.problems().front().what;
    }
    if (c.data.empty() && c.unreadable.empty()) c.unreadable = "it has no data";
    return c;
}

}  // namespace infsim::onnx_node
