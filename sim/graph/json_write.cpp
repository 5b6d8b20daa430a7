#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/check.hpp"
#include "base/text.hpp"
#include "graph/json_form.hpp"
#include "graph/passes.hpp"

namespace infsim::graph {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value real(double x) {
    if (std::isnan(x)) return "nan";
    if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
    return x;
}

Array integers(const std::vector<std::int64_t>& list) {
    Array out;
    for (const auto v : list) out.emplace_back(v);
    return out;
}

Array reals(const std::vector<double>& list) {
    Array out;
    for (const auto v : list) out.push_back(real(v));
    return out;
}

Value attribute_value(const Attribute& attribute) {
    if (const auto* i = std::get_if<std::int64_t>(&attribute)) return *i;
    if (const auto* x = std::get_if<double>(&attribute)) return real(*x);
    if (const auto* s = std::get_if<std::string>(&attribute)) return *s;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&attribute)) return integers(*list);
    return reals(std::get<std::vector<double>>(attribute));
}

std::string_view kind_name(Recipe::Kind kind) {
    switch (kind) {
        case Recipe::Kind::conv_bn_weight: return "conv_bn_weight";
        case Recipe::Kind::conv_bn_bias: return "conv_bn_bias";
        case Recipe::Kind::transpose: return "transpose";
        case Recipe::Kind::reshape: return "reshape";
        case Recipe::Kind::scale: return "scale";
        case Recipe::Kind::channel_scale: return "channel_scale";
        case Recipe::Kind::sum: return "sum";
        case Recipe::Kind::slice: return "slice";
        case Recipe::Kind::dequantize: return "dequantize";
    }
    return "?";
}

class Writer {
public:
    Writer(const Graph& graph, const std::string& folder) : graph_(graph), folder_(folder) {}

    Value run() const {
        Object root = {{"name", graph_.name}};
        if (!graph_.batchable) root.set("why_not_batchable", graph_.why_not_batchable);
        Array inputs, constants, nodes, outputs;
        for (const auto id : graph_.inputs) {
            auto t = tensor(graph_.tensor(id));
            if (!graph_.tensor(id).batched) t.set("batched", false);
            else if (graph_.tensor(id).batch_axis != 0) t.set("batch_axis", graph_.tensor(id).batch_axis);
            inputs.emplace_back(std::move(t));
        }
        for (const auto& t : graph_.tensors)
            if (t.constant) constants.emplace_back(constant(t));
        for (const auto& n : graph_.nodes) nodes.emplace_back(node(n));
        for (const auto id : graph_.outputs) {
            const auto& t = graph_.tensor(id);
            Object output = {{"name", t.name}, {"shape", integers(t.shape)}};
            if (t.batch_axis != 0) output.set("batch_axis", t.batch_axis);
            outputs.emplace_back(std::move(output));
        }
        root.set("inputs", std::move(inputs));
        root.set("constants", std::move(constants));
        root.set("nodes", std::move(nodes));
        root.set("outputs", std::move(outputs));
        return root;
    }

private:
    static Object tensor(const Tensor& t) {
        return {{"name", t.name}, {"shape", integers(t.shape)}, {"dtype", dtype_name(t.dtype)}};
    }

    Array names(const std::vector<TensorId>& ids) const {
        Array out;
        for (const auto id : ids) out.push_back(id == kNoTensor ? Value(nullptr) : Value(graph_.tensor(id).name));
        return out;
    }

    Object constant(const Tensor& t) const {
        auto out = tensor(t);
        if (const auto* splat = std::get_if<Splat>(&*t.constant))
            out.set("value", Object{{"splat", real(splat->value)}});
        if (const auto* list = std::get_if<Inline>(&*t.constant))
            out.set("value", Object{{"inline", reals(list->values)}});
        if (const auto* file = std::get_if<FileRef>(&*t.constant)) {
            const auto path = std::filesystem::absolute(file->path)
                                  .lexically_relative(std::filesystem::absolute(folder_.empty() ? "." : folder_));
            out.set("value", Object{{"file", Object{{"path", path.string()},
                                                    {"offset", file->offset},
                                                    {"dtype", dtype_name(file->dtype)}}}});
        }
        if (const auto* r = std::get_if<Recipe>(&*t.constant)) {
            Object recipe = {{"kind", kind_name(r->kind)}, {"sources", names(r->sources)}};
            if (r->epsilon != 0) recipe.set("epsilon", r->epsilon);
            if (r->factor != 1) recipe.set("factor", r->factor);
            if (!r->perm.empty()) recipe.set("perm", integers(r->perm));
            out.set("value", Object{{"recipe", std::move(recipe)}});
        }
        return out;
    }

    Object node(const Node& n) const {
        Object out = {
            {"name", n.name}, {"op", op_name(n.op)}, {"inputs", names(n.inputs)}, {"outputs", names(n.outputs)}};
        if (n.attributes.empty()) return out;
        Object attributes;
        for (const auto& [name, value] : n.attributes) attributes.set(name, attribute_value(value));
        out.set("attributes", std::move(attributes));
        return out;
    }

    const Graph& graph_;
    std::string folder_;
};

std::string extension(const std::string& path) { return std::filesystem::path(path).extension().string(); }

}  // namespace

json::Value graph_to_json(const Graph& graph, const std::string& folder) { return Writer(graph, folder).run(); }

std::vector<std::string> model_names(const std::string& models_dir) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& family : std::filesystem::directory_iterator(models_dir, error)) {
        if (!family.is_directory()) continue;
        for (const auto& file : std::filesystem::directory_iterator(family.path(), error))
            if (file.path().extension() == ".json") names.push_back(file.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Graph load_model(const std::string& path_or_name, const std::string& models_dir, const ImportOptions& options) {
    const auto kind = extension(path_or_name);
    if (kind == ".onnx") return import_onnx(path_or_name, options);
    std::string path = kind == ".json" ? path_or_name : "";
    if (path.empty()) {
        std::error_code error;
        for (const auto& family : std::filesystem::directory_iterator(models_dir, error)) {
            const auto candidate = family.path() / (path_or_name + ".json");
            if (std::filesystem::is_regular_file(candidate, error)) path = candidate.string();
        }
    }
    if (path.empty()) {
        const auto known = model_names(models_dir);
        throw InputError("", "",
                         "there is no model '" + path_or_name +
                             "'; a model is a path ending in .onnx or .json, or one of " + join(known, ", "));
    }
    if (!options.input_shapes.empty())
        throw InputError(path, "input '" + options.input_shapes.begin()->first + "'",
                         "already has a shape; only ONNX models leave extents open, and --dim sets named axes");
    auto graph = read_graph(path, options.dims);
    if (options.optimize) optimize(graph);
    return graph;
}

}  // namespace infsim::graph
