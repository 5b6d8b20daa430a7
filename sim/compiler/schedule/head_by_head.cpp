#include "compiler/schedule/head_by_head.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.hpp"
#include "compiler/ir/readers.hpp"
#include "compiler/schedule/order.hpp"

namespace infsim::compiler {

namespace {

/// Layers from one product of heads to the next, in order, and the values between them that nobody else reads.
struct Chain {
    std::vector<LayerId> layers;
    std::set<ValueId> inner;
    int heads = 1;
    int together = 1;  ///< heads in one piece
};

bool has_per_channel_constants(const ScalarOp& op) {
    return op.first.per_channel != graph::kNoTensor || op.second.per_channel != graph::kNoTensor;
}

/// Whether slots of some heads alone give the same results as those of all heads.
bool treats_heads_apart(const Layer& layer, int heads) {
    if (const auto* product = std::get_if<HeadMatmulOp>(&layer.op)) return product->heads == heads;
    if (const auto* turn = std::get_if<TransposeOp>(&layer.op)) return turn->heads == heads;
    if (const auto* scalar = std::get_if<ScalarOp>(&layer.op)) return !has_per_channel_constants(*scalar);
    return std::holds_alternative<UnaryOp>(layer.op) || std::holds_alternative<BinaryOp>(layer.op) ||
           std::holds_alternative<SoftmaxOp>(layer.op) || std::holds_alternative<ReduceOp>(layer.op) ||
           std::holds_alternative<ArrangeOp>(layer.op);
}

/// Whether an input of a layer has the same slots for every head: rows that are spread over the lanes.
bool is_common_to_heads(const Layer& layer, std::size_t input) {
    if (std::holds_alternative<HeadMatmulOp>(layer.op)) return input == 2;
    const auto* binary = std::get_if<BinaryOp>(&layer.op);
    return binary && binary->spread && input == 1;
}

class ChainFinder {
public:
    explicit ChainFinder(const Network& network) : net_(network), readers_(readers_of(network)) {
        for (const View& out : network.outputs) leaves_.insert(out.value);
    }

    /// The chain that begins with this layer; empty if there is none.
    std::optional<Chain> from(LayerId first) const {
        const auto* product = std::get_if<HeadMatmulOp>(&net_.layers[first].op);
        if (!product || product->heads < 2) return std::nullopt;
        Chain chain{{first}, {}, product->heads, product->heads};
        std::set<LayerId> waiting;  // readers of inner values that are not yet in the chain
        LayerId last = first;
        do {
            const ValueId made = net_.layers[last].output.value;
            if (!is_inner(net_.layers[last], chain.heads)) return std::nullopt;
            chain.inner.insert(made);
            waiting.insert(readers_[made].begin(), readers_[made].end());
            if (waiting.empty()) return std::nullopt;
            last = *waiting.begin();
            waiting.erase(waiting.begin());
            if (!fits_in(chain, net_.layers[last])) return std::nullopt;
            chain.layers.push_back(last);
        } while (!waiting.empty() || !std::holds_alternative<HeadMatmulOp>(net_.layers[last].op));
        return chain;
    }

private:
    const Network& net_;
    IdVector<ValueId, std::vector<LayerId>> readers_;
    std::set<ValueId> leaves_;

    bool is_inner(const Layer& maker, int heads) const {
        const Physical& phys = net_.values[maker.output.value].phys;
        return maker.output.slots == phys.slots() && phys.slots() % heads == 0 &&
               leaves_.count(maker.output.value) == 0;
    }
    bool fits_in(const Chain& chain, const Layer& layer) const {
        if (!treats_heads_apart(layer, chain.heads) || layer.output.slots % chain.heads != 0) return false;
        for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
            const bool inner = chain.inner.count(layer.inputs[i].value) > 0;
            if (is_common_to_heads(layer, i) ? inner : layer.inputs[i].slots % chain.heads != 0) return false;
        }
        return true;
    }
};

std::int64_t bytes_of_head(const Network& network, const Chain& chain) {
    std::int64_t bytes = 0;
    for (const ValueId v : chain.inner)
        bytes = std::max(bytes, half_bytes(network.slots, network.values[v]) / 2 / chain.heads);
    return bytes;
}

/// How many heads run together. Operands of a product lie on the same partitions, so a piece begins with a whole group
/// of slots: if two slots make a group and a head has an odd number of them, two heads go together.
int heads_together(const Network& network, const Chain& chain, std::int64_t bytes) {
    int step = 1;  // a power of two, as the slots of a group are
    for (const ValueId v : chain.inner)
        step = std::max(step, network.slots.period(network.values[v].phys.slots() / chain.heads));
    const std::int64_t fit = bytes / std::max<std::int64_t>(1, bytes_of_head(network, chain));
    return static_cast<int>(std::max<std::int64_t>(step, fit / step * step));
}

/// The layers of a chain for some of its heads, on values of their own.
class Piece {
public:
    /// `whole`: the original values within the chain. The first piece takes over their ids.
    Piece(Network& network, const Chain& chain, const std::map<ValueId, Value>& whole, int first, int heads)
        : net_(network), chain_(chain), whole_(whole), first_(first), heads_(heads) {}

    Layer layer(LayerId of) {
        Layer out = net_.layers[of];
        if (auto* product = std::get_if<HeadMatmulOp>(&out.op)) product->heads = heads_;
        if (auto* turn = std::get_if<TransposeOp>(&out.op)) turn->heads = heads_;
        out.macs = out.macs / chain_.heads * heads_;
        out.kind +=
            heads_ == 1 ? fmt::format(" head {}", first_) : fmt::format(" heads {}-{}", first_, first_ + heads_ - 1);
        for (std::size_t i = 0; i < out.inputs.size(); ++i)
            if (!is_common_to_heads(out, i)) out.inputs[i] = part(out.inputs[i]);
        out.output = part(out.output);
        return out;
    }

private:
    Network& net_;
    const Chain& chain_;
    const std::map<ValueId, Value>& whole_;
    int first_, heads_;
    std::map<ValueId, ValueId> own_;

    Part part(const Part& whole) {
        const int per_head = whole.slots / chain_.heads, begin = first_ * per_head, slots = heads_ * per_head;
        if (chain_.inner.count(whole.value) == 0) return {whole.value, whole.first_slot + begin, slots};
        const auto [it, fresh] = own_.emplace(whole.value, whole.value);
        if (!fresh) return {it->second, 0, slots};
        Value value = whole_.at(whole.value);
        const auto lane = value.phys.lanes.begin() + begin;
        value.phys.lanes = std::vector<int>(lane, lane + slots);
        if (first_ > 0) {
            it->second = ValueId(static_cast<int>(net_.values.size()));
            net_.values.push_back(std::move(value));
        } else {
            net_.values[it->second] = std::move(value);
        }
        return {it->second, 0, slots};
    }
};

/// The chain in pieces: the first layer of each comes before all but the first of the previous piece.
std::vector<Layer> in_pieces(Network& network, const Chain& chain) {
    std::map<ValueId, Value> whole;
    for (const ValueId v : chain.inner) whole.emplace(v, network.values[v]);
    std::vector<Layer> out, rest;
    for (int first = 0; first < chain.heads; first += chain.together) {
        Piece piece(network, chain, whole, first, std::min(chain.together, chain.heads - first));
        out.push_back(piece.layer(chain.layers[0]));
        std::move(rest.begin(), rest.end(), std::back_inserter(out));
        rest.clear();
        for (std::size_t i = 1; i < chain.layers.size(); ++i) rest.push_back(piece.layer(chain.layers[i]));
    }
    std::move(rest.begin(), rest.end(), std::back_inserter(out));
    return out;
}

/// By the layer that ends the chain.
std::map<LayerId, Chain> chains_of(const Network& network, std::int64_t bytes) {
    const ChainFinder finder(network);
    std::map<LayerId, Chain> chains;
    LayerId last;  // of the previous chain: chains do not share layers
    for (const LayerId l : network.layers.ids()) {
        if (l <= last) continue;
        auto chain = finder.from(l);
        if (!chain) continue;
        chain->together = heads_together(network, *chain, bytes);
        if (chain->together >= chain->heads) continue;
        last = chain->layers.back();
        chains.emplace(last, std::move(*chain));
    }
    return chains;
}

}  // namespace

bool has_chains_of_heads(const Network& network, std::int64_t bytes) { return !chains_of(network, bytes).empty(); }

int run_head_by_head(Network& network, std::int64_t bytes) {
    INFSIM_CHECK(network.stem_layers == 0, "heads are taken apart before the stem is chosen");
    const std::map<LayerId, Chain> chains = chains_of(network, bytes);
    std::set<LayerId> cut;
    for (const auto& [last, chain] : chains) cut.insert(chain.layers.begin(), chain.layers.end());
    std::vector<Layer> layers;
    for (const LayerId l : network.layers.ids()) {
        if (const auto it = chains.find(l); it != chains.end()) {
            auto pieces = in_pieces(network, it->second);
            std::move(pieces.begin(), pieces.end(), std::back_inserter(layers));
        } else if (cut.count(l) == 0) {
            layers.push_back(network.layers[l]);
        }
    }
    network.layers = IdVector<LayerId, Layer>(std::move(layers));
    return static_cast<int>(chains.size());
}

}  // namespace infsim::compiler
