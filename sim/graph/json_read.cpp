#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "graph/check.hpp"
#include "graph/elements.hpp"
#include "graph/external_file.hpp"
#include "graph/infer.hpp"
#include "graph/json_form.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph {
namespace {

using json::Cursor;
using json::ObjectReader;

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

const std::vector<std::string>& dtype_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto t : {DType::fp32, DType::fp16, DType::bf16, DType::i64, DType::i32, DType::u8, DType::i8,
                             DType::boolean, DType::fp64})
            all.emplace_back(dtype_name(t));
        return all;
    }();
    return names;
}

/// A number, or one of the three that JSON cannot write.
std::optional<double> real(const Cursor& cursor) {
    if (cursor.value().is_string()) {
        const auto& text = cursor.value().as_string();
        if (text == "inf") return std::numeric_limits<double>::infinity();
        if (text == "-inf") return -std::numeric_limits<double>::infinity();
        if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    }
    return cursor.number(json::lowest, json::highest);
}

std::vector<double> reals(const std::vector<Cursor>& elements) {
    std::vector<double> out;
    for (const auto& element : elements) out.push_back(real(element).value_or(0));
    return out;
}

class Reader {
public:
    Reader(const json::Document& document, Problems& problems, const std::map<std::string, std::int64_t>& given)
        : document_(document), problems_(problems), given_(given), found_before_(problems.list().size()) {}

    Graph run() {
        ObjectReader root{Cursor(document_, problems_)};
        graph_.name = root.string("name");
        graph_.why_not_batchable = root.string_or("why_not_batchable", "");
        graph_.batchable = !root.has("why_not_batchable");
        read_dims(root);
        for (const auto& cursor : root.array("inputs")) read_input(cursor);
        const auto constants = root.array_or_empty("constants");
        const auto first_constant = graph_.tensors.size();
        for (const auto& cursor : constants) declare_constant(cursor);
        for (std::size_t i = 0; i < constants.size(); ++i) read_value(constants[i], first_constant + i);
        for (const auto& cursor : root.array("nodes")) read_node(cursor);
        const auto outputs = root.array("outputs");
        for (const auto& cursor : outputs) read_output(cursor);
        root.finish();
        if (problems_.list().size() == found_before_) infer(outputs);
        if (absent_ > 0) graph_.notices.push_back(absent_notice(document_.file, absent_, absent_location_));
        return std::move(graph_);
    }

private:
    /// Names of axes with their extents, which `given_` replaces.
    void read_dims(ObjectReader& root) {
        if (const auto dims = root.optional("dims"); dims && dims->is_object())
            for (const auto& [name, value] : dims->value().as_object())
                dims_[name] = dims->member(name, value).integer(1, kMostExtent).value_or(1);
        std::vector<std::string> names;
        for (const auto& [name, extent] : dims_) names.push_back(name);
        for (const auto& [name, extent] : given_) {
            if (dims_.count(name) == 0)
                problems_.add(
                    document_.file, "/dims",
                    fmt::format("no axis is called '{}'{}", name,
                                names.empty() ? std::string("; this model names none") : suggestion(name, names)));
            dims_[name] = extent;
        }
    }

    /// Integers, or names of axes in their place.
    std::vector<std::int64_t> integers(const std::vector<Cursor>& elements, std::int64_t least, std::int64_t most) {
        std::vector<std::int64_t> out;
        for (const auto& element : elements) {
            if (!element.value().is_string()) {
                out.push_back(element.integer(least, most).value_or(least));
                continue;
            }
            const auto found = dims_.find(element.value().as_string());
            if (found == dims_.end())
                element.problem(fmt::format("'{}' is no axis that /dims names", element.value().as_string()));
            out.push_back(found == dims_.end() ? least : found->second);
        }
        return out;
    }

    Tensor tensor(ObjectReader& reader) {
        Tensor t;
        t.name = reader.string("name");
        t.shape = integers(reader.array("shape"), 0, kMostExtent);
        t.dtype = parse_dtype(reader.choice_or("dtype", "fp32", dtype_names())).value_or(DType::fp32);
        std::int64_t count = 1;
        for (const auto extent : t.shape) {
            if (extent > 0 && count > kMostElements / extent) {
                reader.problem("shape", "has more than 2^40 elements");
                t.shape.clear();
                break;
            }
            count *= extent;
        }
        return t;
    }

    /// Adds a tensor; 'where' is the cursor of its name.
    TensorId add(Tensor t, const Cursor& where) {
        const auto id = static_cast<TensorId>(graph_.tensors.size());
        if (t.name.empty()) where.problem("a tensor's name must not be empty");
        else if (!ids_.emplace(t.name, id).second) where.problem(fmt::format("there already is a tensor '{}'", t.name));
        graph_.tensors.push_back(std::move(t));
        return id;
    }

    void read_input(const Cursor& cursor) {
        ObjectReader reader(cursor);
        auto t = tensor(reader);
        t.kind = TensorKind::input;
        t.batched = reader.boolean_or("batched", true);
        t.batch_axis = static_cast<int>(reader.integer_or("batch_axis", 0, 0, 64));
        if (t.batched && graph_.batchable && (t.shape.empty() || t.shape[0] != 1))
            reader.problem("shape", "must begin with the batch axis, whose extent in the graph of one item is 1");
        if (t.batch_axis > 0 && static_cast<std::size_t>(t.batch_axis) >= t.shape.size())
            reader.problem("batch_axis", "is none of its axes");
        reader.finish();
        graph_.inputs.push_back(add(std::move(t), cursor));
    }

    void declare_constant(const Cursor& cursor) {
        ObjectReader reader(cursor);
        auto t = tensor(reader);
        t.kind = TensorKind::constant;
        t.constant = Absent{};
        reader.optional("value");
        reader.finish();
        add(std::move(t), cursor);
    }

    void read_value(const Cursor& cursor, std::size_t slot) {
        if (!cursor.value().is_object()) return;  // reported when it was declared
        const auto* value = cursor.value().as_object().find("value");
        if (value == nullptr) return;
        ObjectReader reader(cursor.member("value", *value));
        auto& constant = graph_.tensors[slot].constant;
        const auto count = element_count(graph_.tensors[slot].shape);
        int forms = 0;
        if (const auto splat = reader.optional("splat")) {
            constant = Splat{real(*splat).value_or(0)};
            ++forms;
        }
        if (reader.has("inline")) {
            constant = Inline{reals(reader.array("inline"))};
            const auto given = std::get<Inline>(*constant).values.size();
            if (static_cast<std::int64_t>(given) != count)
                reader.problem("inline", fmt::format("has {} values for a shape of {} elements", given, count));
            ++forms;
        }
        if (const auto file = reader.optional("file")) {
            constant = read_file_reference(*file, graph_.tensors[slot]);
            ++forms;
        }
        if (const auto recipe = reader.optional("recipe")) {
            constant = read_recipe(*recipe);
            ++forms;
        }
        if (forms != 1 && cursor.value().as_object().find("value")->is_object())
            reader.cursor().problem("must be one of splat, inline, file and recipe");
        reader.finish();
    }

    /// Absent where the file is not there.
    Constant read_file_reference(const Cursor& cursor, const Tensor& tensor) {
        ObjectReader reader(cursor);
        FileRef ref;
        const auto path = reader.string("path");
        ref.offset = reader.integer_or("offset", 0, 0);
        ref.dtype = parse_dtype(reader.choice_or("dtype", std::string(dtype_name(tensor.dtype)), dtype_names()))
                        .value_or(tensor.dtype);
        ref.bytes = element_count(tensor.shape) * dtype_bytes(ref.dtype);
        reader.finish();
        try {
            const auto external = external_file(document_.file, path);
            ref.path = external.path;
            if (external.bytes) {
                if (ref.offset > *external.bytes - ref.bytes)
                    reader.problem("offset",
                                   fmt::format("the file ends before the {} bytes of this tensor", ref.bytes));
                return ref;
            }
            if (++absent_ == 1) absent_location_ = path;
        } catch (const ShapeError& error) {
            reader.problem("path", error.what());
        }
        return Absent{};
    }

    Recipe read_recipe(const Cursor& cursor) {
        ObjectReader reader(cursor);
        Recipe recipe;
        const std::vector<std::string> kinds = {"conv_bn_weight", "conv_bn_bias", "transpose", "reshape",   "scale",
                                                "channel_scale",  "sum",          "slice",     "dequantize"};
        const auto kind = reader.choice("kind", kinds);
        for (std::size_t i = 0; i < kinds.size(); ++i)
            if (kinds[i] == kind) recipe.kind = static_cast<Recipe::Kind>(i);
        for (const auto& source : reader.array("sources")) recipe.sources.push_back(reference(source));
        recipe.epsilon = reader.number_or("epsilon", 0);
        recipe.factor = reader.number_or("factor", 1);
        recipe.perm = integers(reader.array_or_empty("perm"), -kMostExtent, kMostExtent);
        reader.finish();
        return recipe;
    }

    /// The tensor a name refers to; null is an absent one.
    TensorId reference(const Cursor& cursor) {
        if (cursor.value().is_null()) return kNoTensor;
        const auto name = cursor.string();
        if (!name) return kNoTensor;
        const auto found = ids_.find(*name);
        if (found != ids_.end()) return found->second;
        cursor.problem(fmt::format("there is no tensor '{}' here (nodes stand after what they read)", *name));
        return kNoTensor;
    }

    void read_node(const Cursor& cursor) {
        ObjectReader reader(cursor);
        Node node;
        node.name = reader.string("name");
        if (!node.name.empty() && !node_names_.insert(node.name).second)
            reader.problem("name", fmt::format("there already is a node '{}'", node.name));
        const auto op = parse_op(reader.string("op"));
        if (!op && reader.has("op")) {
            std::vector<std::string> names;
            for (const auto& spec : op_specs()) names.emplace_back(spec.name);
            const auto given = cursor.value().as_object().find("op");
            if (given->is_string())
                reader.problem("op", fmt::format("operator '{}' is not supported{}", given->as_string(),
                                                 suggestion(given->as_string(), names)));
        }
        node.op = op.value_or(Op::identity);
        for (const auto& input : reader.array("inputs")) node.inputs.push_back(reference(input));
        if (const auto attributes = reader.optional("attributes"); attributes && op) read_attributes(*attributes, node);
        else if (op && !op_spec(*op).attributes.empty() && !attributes)
            reader.problem("attributes", fmt::format("{} needs its attributes", op_name(*op)));
        for (const auto& output : reader.array("outputs")) {
            Tensor t;
            t.name = output.string().value_or("");
            node.outputs.push_back(add(std::move(t), output));
        }
        reader.finish();
        graph_.nodes.push_back(std::move(node));
    }

    void read_attributes(const Cursor& cursor, Node& node) {
        ObjectReader reader(cursor);
        for (const auto& spec : op_spec(node.op).attributes) {
            const std::string name(spec.name);
            switch (spec.type) {
                case AttributeType::integer:
                    node.attributes[name] = reader.integer(name, -kMostExtent, kMostExtent);
                    break;
                case AttributeType::text: node.attributes[name] = reader.string(name); break;
                case AttributeType::integers:
                    node.attributes[name] = integers(reader.array(name), -kMostExtent, kMostExtent);
                    break;
                case AttributeType::reals: node.attributes[name] = reals(reader.array(name)); break;
                case AttributeType::real:
                    if (const auto value = reader.required(name)) node.attributes[name] = real(*value).value_or(0);
                    break;
            }
        }
        reader.finish();
    }

    void read_output(const Cursor& cursor) {
        ObjectReader reader(cursor);
        const auto name = reader.required("name");
        if (name && name->value().is_null()) name->problem("must be the name of a tensor");
        graph_.outputs.push_back(name ? reference(*name) : kNoTensor);
        reader.array_or_empty("shape");
        const auto axis = reader.integer_or("batch_axis", 0, 0, 64);
        if (graph_.outputs.back() != kNoTensor)
            graph_.tensor(graph_.outputs.back()).batch_axis = static_cast<int>(axis);
        reader.finish();
    }

    void infer(const std::vector<Cursor>& outputs) {
        Problems found;
        infer_graph(graph_, found);
        if (found.empty()) found = check(graph_);
        for (const auto& problem : found.list()) problems_.add(document_.file, problem.where, problem.what);
        if (!found.empty()) return;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const auto* shape = outputs[i].value().as_object().find("shape");
            if (shape == nullptr) continue;
            const auto cursor = outputs[i].member("shape", *shape);
            const auto elements = cursor.array();
            if (!elements) continue;
            const auto& inferred = graph_.tensor(graph_.outputs[i]).shape;
            if (integers(*elements, 0, kMostExtent) != inferred)
                cursor.problem(fmt::format("inference says [{}]", fmt::join(inferred, ", ")));
        }
    }

    const json::Document& document_;
    Problems& problems_;
    const std::map<std::string, std::int64_t>& given_;
    std::size_t found_before_;
    std::map<std::string, std::int64_t> dims_;
    Graph graph_;
    std::map<std::string, TensorId> ids_;
    std::set<std::string> node_names_;
    std::int64_t absent_ = 0;  ///< constants whose file is not there
    std::string absent_location_;
};

}  // namespace

Graph graph_from_json(const json::Document& document, Problems& problems,
                      const std::map<std::string, std::int64_t>& dims) {
    return Reader(document, problems, dims).run();
}

Graph read_graph(const std::string& path, const std::map<std::string, std::int64_t>& dims) {
    Problems problems;
    const auto document = json::parse_file(path, problems);
    Graph graph;
    if (document) graph = graph_from_json(*document, problems, dims);
    problems.throw_if_any();
    return graph;
}

}  // namespace infsim::graph
