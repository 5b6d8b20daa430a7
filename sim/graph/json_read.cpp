#include <set>

#include <fmt/format.h>

#include "base/json_reader.hpp"
#include "base/text.hpp"
#include "graph/check.hpp"
#include "graph/elements.hpp"
#include "graph/infer.hpp"
#include "graph/json_form.hpp"
#include "graph/json_values.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph {
namespace {

using json::Cursor;
using json::ObjectReader;

class Reader {
public:
    Reader(const json::Document& document, Problems& problems, const std::map<std::string, std::int64_t>& given)
        : document_(document), problems_(problems), given_(given), found_before_(problems.list().size()) {}

    Graph run() {
        ObjectReader root{Cursor(document_, problems_)};
        graph_.name = root.string("name");
        graph_.why_not_batchable = root.string_or("why_not_batchable", "");
        graph_.batchable = !root.has("why_not_batchable");
        dims_.read(root, document_, given_, problems_);
        for (const auto& cursor : root.array("inputs")) read_input(cursor);
        const auto constants = root.array_or_empty("constants");
        const auto first_constant = graph_.tensors.size();
        for (const auto& cursor : constants) declare_constant(cursor);
        for (std::size_t i = 0; i < constants.size(); ++i)
            values_.read(constants[i], graph_.tensors[first_constant + i]);
        for (const auto& cursor : root.array("nodes")) read_node(cursor);
        const auto outputs = root.array("outputs");
        for (const auto& cursor : outputs) read_output(cursor);
        root.finish();
        if (problems_.list().size() == found_before_) infer(outputs);
        if (const auto notice = values_.absent(); !notice.empty()) graph_.notices.push_back(notice);
        return std::move(graph_);
    }

private:
    /// Adds a tensor; `where` is the cursor of its name.
    TensorId add(Tensor t, const Cursor& where) {
        const auto id = static_cast<TensorId>(graph_.tensors.size());
        if (t.name.empty()) where.problem("a tensor's name must not be empty");
        else if (!ids_.emplace(t.name, id).second) where.problem(fmt::format("there already is a tensor '{}'", t.name));
        graph_.tensors.push_back(std::move(t));
        return id;
    }

    void read_input(const Cursor& cursor) {
        ObjectReader reader(cursor);
        auto t = dims_.tensor(reader);
        t.kind = TensorKind::input;
        t.batched = reader.boolean_or("batched", true);
        t.batch_axis = static_cast<int>(reader.integer_or("batch_axis", 0, 0, 64));
        if (t.batched && graph_.batchable && (t.shape.empty() || t.shape[0] != 1))
            reader.problem("shape", "must begin with the batch axis, whose extent in the graph of one item is 1");
        if (t.batch_axis > 0 && static_cast<std::size_t>(t.batch_axis) >= t.shape.size())
            reader.problem("batch_axis", "is not one of its axes");
        reader.finish();
        graph_.inputs.push_back(add(std::move(t), cursor));
    }

    void declare_constant(const Cursor& cursor) {
        ObjectReader reader(cursor);
        auto t = dims_.tensor(reader);
        t.kind = TensorKind::constant;
        t.constant = Absent{};
        reader.optional("value");
        reader.finish();
        add(std::move(t), cursor);
    }

    /// The tensor that a name refers to; null: an absent one.
    TensorId reference(const Cursor& cursor) {
        if (cursor.value().is_null()) return kNoTensor;
        const auto name = cursor.string();
        if (!name) return kNoTensor;
        const auto found = ids_.find(*name);
        if (found != ids_.end()) return found->second;
        cursor.problem(fmt::format("there is no tensor '{}' here (a node comes after what it reads)", *name));
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
                    node.attributes[name] = dims_.integers(reader.array(name), -kMostExtent, kMostExtent);
                    break;
                case AttributeType::reals: node.attributes[name] = json_reals(reader.array(name)); break;
                case AttributeType::real:
                    if (const auto value = reader.required(name)) node.attributes[name] = json_real(*value).value_or(0);
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
            if (dims_.integers(*elements, 0, kMostExtent) != inferred)
                cursor.problem(fmt::format("inference says [{}]", fmt::join(inferred, ", ")));
        }
    }

    const json::Document& document_;
    Problems& problems_;
    const std::map<std::string, std::int64_t>& given_;
    std::size_t found_before_;
    JsonDims dims_;
    JsonValues values_{document_, dims_, [this](const Cursor& cursor) { return reference(cursor); }};
    Graph graph_;
    std::map<std::string, TensorId> ids_;
    std::set<std::string> node_names_;
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
