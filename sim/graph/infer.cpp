#include "graph/infer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.hpp"
#include "graph/elements.hpp"
#include "graph/infer_rules.hpp"
#include "graph/op_spec.hpp"

namespace infsim::graph {
namespace rules {

bool Context::any_batched() const {
    for (const auto* facts : inputs)
        if (facts != nullptr && facts->batched) return true;
    return false;
}

void Context::require_shared(std::size_t i, const std::string& what) {
    if (has(i) && in(i).batched) mix("its " + what + " differ from item to item");
}

void Context::require_leading_batch() {
    for (std::size_t i = 1; i < inputs.size(); ++i) require_shared(i, "parameters");
    if (in(0).place && in(0).place->axis != 0)
        mix(fmt::format("the batch is on axis {} of its input", in(0).place->axis));
}

void require(bool condition, const std::string& message) {
    if (!condition) throw ShapeError(message);
}

void require_sane(const Shape& shape) {
    constexpr std::int64_t most_elements = std::int64_t{1} << 40;
    std::int64_t count = 1;
    for (const auto extent : shape) {
        require(extent >= 0 && extent <= kMostExtent, fmt::format("an extent of {} is out of range", extent));
        require(extent == 0 || count <= most_elements / extent, to_text(shape) + " has more than 2^40 elements");
        count *= std::max<std::int64_t>(1, extent);
    }
}

std::string to_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Facts output(const Context& c, Shape shape, std::optional<BatchPlace> place) {
    Facts facts;
    facts.shape = std::move(shape);
    facts.dtype = c.in(0).dtype;
    facts.batched = c.any_batched();
    if (facts.batched && c.mixing.empty()) facts.place = place;
    return facts;
}

std::optional<BatchPlace> aligned_place(Context& c, const std::vector<std::size_t>& operands, const Shape& shape) {
    std::optional<BatchPlace> place;
    for (const auto i : operands) {
        if (!c.has(i) || !c.in(i).batched) continue;
        if (!c.in(i).place) return std::nullopt;  // lost earlier: already reported
        auto here = *c.in(i).place;
        here.axis += static_cast<int>(shape.size()) - static_cast<int>(c.in(i).shape.size());
        if (place && !(*place == here)) c.mix("its operands have their batches on different axes");
        place = here;
    }
    if (!place) return std::nullopt;
    for (const auto i : operands) {
        if (!c.has(i)) continue;
        const auto& operand = c.in(i);
        const int axis = place->axis - (static_cast<int>(shape.size()) - static_cast<int>(operand.shape.size()));
        const auto extent = axis < 0 ? 1 : operand.shape[static_cast<std::size_t>(axis)];
        const auto whole = shape[static_cast<std::size_t>(place->axis)];
        if (!operand.batched && extent != 1 && c.batch > 1) c.mix("a constant operand spans the batch");
        if (operand.batched && extent != whole) c.mix("an operand spans the batch of another");
    }
    return place;
}

namespace {

Outputs dispatch(Context& c) {
    switch (c.node.op) {
        case Op::conv: return conv(c);
        case Op::conv_transpose: return conv_transpose(c);
        case Op::gemm: return gemm(c);
        case Op::matmul: return matmul(c);
        case Op::einsum: return einsum(c);
        case Op::max_pool:
        case Op::average_pool: return pool(c);
        case Op::global_average_pool:
        case Op::global_max_pool: return global_pool(c);
        case Op::resize: return resize(c);
        case Op::depth_to_space:
        case Op::space_to_depth: return depth_space(c);
        case Op::batch_norm:
        case Op::instance_norm:
        case Op::lrn: return per_channel_norm(c);
        case Op::softmax:
        case Op::log_softmax:
        case Op::lp_norm:
        case Op::layer_norm: return axis_norm(c);
        case Op::reduce_sum:
        case Op::reduce_mean:
        case Op::reduce_max:
        case Op::reduce_min:
        case Op::reduce_prod:
        case Op::reduce_sum_square:
        case Op::reduce_l1:
        case Op::reduce_l2:
        case Op::reduce_log_sum:
        case Op::reduce_log_sum_exp: return reduce(c);
        case Op::reshape:
        case Op::flatten:
        case Op::squeeze:
        case Op::unsqueeze: return reshape(c);
        case Op::transpose: return transpose(c);
        case Op::concat: return concat(c);
        case Op::slice: return slice(c);
        case Op::split: return split(c);
        case Op::pad: return pad(c);
        case Op::gather: return gather(c);
        case Op::expand: return expand(c);
        case Op::tile: return tile(c);
        default: return elementwise(c);
    }
}

}  // namespace
}  // namespace rules

NodeFacts infer_node(const Node& node, const std::vector<const Facts*>& inputs, std::int64_t batch,
                     std::optional<int> axis) {
    const auto& spec = op_spec(node.op);
    const auto required = static_cast<std::size_t>(spec.min_inputs);
    rules::require(inputs.size() >= required && inputs.size() <= static_cast<std::size_t>(spec.max_inputs),
                   fmt::format("has {} inputs; it takes {}{}", inputs.size(), required,
                               spec.max_inputs == spec.min_inputs ? "" : " or more"));
    for (std::size_t i = 0; i < required; ++i) rules::require(inputs[i] != nullptr, fmt::format("lacks input {}", i));
    rules::Context context(node, inputs, batch, axis);
    NodeFacts result;
    result.outputs = rules::dispatch(context);
    result.mixing = context.mixing;
    for (const auto& facts : result.outputs) rules::require_sane(facts.shape);
    for (auto& facts : result.outputs)
        if (!result.mixing.empty()) facts.place.reset();
    return result;
}

Facts facts_of(const Tensor& tensor) {
    Facts facts{tensor.shape, tensor.dtype, tensor.batched, std::nullopt};
    if (tensor.batched && !tensor.shape.empty()) facts.place = BatchPlace{0, 1};
    return facts;
}

std::string output_mixing(const Graph& graph, const std::vector<Facts>& facts, std::int64_t batch) {
    for (const auto id : graph.outputs) {
        const auto& f = facts.at(static_cast<std::size_t>(id));
        if (!f.batched || !f.place) continue;
        if (f.place->axis != 0 || f.place->before != 1 || f.shape[0] != batch)
            return fmt::format("output '{}': its batch is not an axis of its own", graph.tensor(id).name);
    }
    return {};
}

namespace {

void store(Graph& graph, const Node& node, const NodeFacts& result, std::vector<Facts>& facts) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const auto id = node.outputs[i];
        auto& tensor = graph.tensor(id);
        tensor.shape = result.outputs[i].shape;
        tensor.dtype = result.outputs[i].dtype;
        tensor.batched = result.outputs[i].batched;
        facts.at(static_cast<std::size_t>(id)) = result.outputs[i];
    }
}

/// Initialises the facts of inputs and constants; nothing is known about intermediates yet.
void begin(const Graph& graph, std::vector<Facts>& facts, std::vector<bool>& known) {
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
        if (graph.tensors[i].kind == TensorKind::intermediate) continue;
        facts[i] = facts_of(graph.tensors[i]);
        if (!graph.batchable) facts[i].place.reset();
        known[i] = true;
    }
}

}  // namespace

std::vector<Facts> infer_graph(Graph& graph, Problems& problems) {
    std::vector<Facts> facts(graph.tensors.size());
    std::vector<bool> known(graph.tensors.size(), false);
    begin(graph, facts, known);
    bool all_known = true;
    for (const auto& node : graph.nodes) {
        std::vector<const Facts*> inputs;
        bool ready = true;
        for (const auto id : node.inputs) {
            inputs.push_back(id == kNoTensor ? nullptr : &facts.at(static_cast<std::size_t>(id)));
            if (id != kNoTensor && !known[static_cast<std::size_t>(id)]) ready = false;
        }
        if (!ready) {
            all_known = false;
            continue;
        }
        const auto where = fmt::format("node '{}' ({})", node.name, op_name(node.op));
        try {
            const auto result = infer_node(node, inputs, 1);
            rules::require(result.outputs.size() == node.outputs.size(),
                           fmt::format("has {} outputs, not {}", result.outputs.size(), node.outputs.size()));
            store(graph, node, result, facts);
            for (const auto id : node.outputs) known[static_cast<std::size_t>(id)] = true;
            if (graph.batchable && !result.mixing.empty()) {
                graph.batchable = false;
                graph.why_not_batchable = where + ": " + result.mixing;
            }
        } catch (const ShapeError& error) {
            problems.add(graph.name, where, error.what());
            all_known = false;
        }
    }
    if (all_known && graph.batchable) {
        graph.why_not_batchable = output_mixing(graph, facts, 1);
        graph.batchable = graph.why_not_batchable.empty();
    }
    return facts;
}

}  // namespace infsim::graph
