#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "compiler/ir/verify_network.hpp"
#include "compiler/schedule/head_by_head.hpp"
#include "support/hand_made.hpp"

using namespace infsim;
using namespace infsim::compiler;
using test::HandMade;

namespace {

/// softmax(q^T k) v of four heads: `tokens` tokens of four hidden elements, lanes in slots of four. Scores of a head
/// take tokens * tokens / 4 bytes of a partition.
struct Attention {
    HandMade made;
    ValueId q, k, v, scores, weights, turned, context;

    explicit Attention(int tokens) {
        const std::vector<int> by_hidden(4, 4), by_tokens(static_cast<std::size_t>(tokens), 4);
        q = made.input("q", by_hidden, 1, tokens);
        k = made.input("k", by_hidden, 1, tokens);
        v = made.input("v", by_tokens, 1, 4);
        scores = made.value("scores", by_tokens, 1, tokens);
        weights = made.value("weights", by_tokens, 1, tokens);
        turned = made.value("turned", by_tokens, 1, tokens);
        context = made.value("context", by_hidden, 1, tokens);
        made.layer(HeadMatmulOp{4, 0.5F, std::nullopt}, {q, k}, scores).macs = 4000;
        made.layer(SoftmaxOp{}, {scores}, weights);
        made.layer(TransposeOp{4}, {weights}, turned);
        made.layer(HeadMatmulOp{4, 1, std::nullopt}, {v, turned}, context).macs = 4000;
        for (Layer& l : made.network.layers) l.kind = "matmul";
        made.output(context);
    }
    Network& network() { return made.network; }
    /// "scores 0-1": a layer's name and the slots of q, or of the context, that it works on.
    std::vector<std::string> layers() {
        std::vector<std::string> lines;
        for (const Layer& l : network().layers) {
            const Part& part = l.name == "scores" ? l.inputs[0] : l.output;
            const bool inner = l.name == "weights" || l.name == "turned";
            lines.push_back(inner ? l.name : fmt::format("{} {}+{}", l.name, part.first_slot, part.slots));
        }
        return lines;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("attention runs head by head, scores of the next head before the rest of this one") {
    Attention a(8);
    REQUIRE(has_chains_of_heads(a.network(), 16));
    CHECK(run_head_by_head(a.network(), 16) == 1);
    CHECK(a.layers() == Lines{"scores 0+1", "scores 1+1", "weights", "turned", "context 0+1", "scores 2+1", "weights",
                              "turned", "context 1+1", "scores 3+1", "weights", "turned", "context 2+1", "weights",
                              "turned", "context 3+1"});
    CHECK(verify(a.network(), a.made.graph).empty());
    CHECK(a.network().layers[LayerId(1)].kind == "matmul head 1");
    for (const Layer& l : a.network().layers) {
        if (const auto* product = std::get_if<HeadMatmulOp>(&l.op)) {
            CHECK(product->heads == 1);
            CHECK(l.macs == 1000);
        }
        if (const auto* turn = std::get_if<TransposeOp>(&l.op)) CHECK(turn->heads == 1);
    }
    CHECK(a.network().values[a.scores].phys.lanes == std::vector<int>{4, 4});
}

TEST_CASE("as many heads run together as the bytes of a partition allow, and the last piece takes what is left") {
    Attention two(8);
    CHECK(run_head_by_head(two.network(), 47) == 1);
    CHECK(two.network().layers.size() == 8);
    CHECK(verify(two.network(), two.made.graph).empty());
    Attention three(8);
    CHECK(run_head_by_head(three.network(), 48) == 1);
    CHECK(three.layers() ==
          Lines{"scores 0+3", "scores 3+1", "weights", "turned", "context 0+3", "weights", "turned", "context 3+1"});
    Attention all(8);
    CHECK_FALSE(has_chains_of_heads(all.network(), 64));
    CHECK(run_head_by_head(all.network(), 64) == 0);
    CHECK(all.network().layers.size() == 4);
}

TEST_CASE("heads of an odd number of slots go in pairs: operands of a product keep their half of the partitions") {
    Attention a(4);
    CHECK(run_head_by_head(a.network(), 1) == 1);
    CHECK(a.layers() ==
          Lines{"scores 0+2", "scores 2+2", "weights", "turned", "context 0+2", "weights", "turned", "context 2+2"});
    CHECK(verify(a.network(), a.made.graph).empty());
}

TEST_CASE("attention stays whole where somebody else reads its weights, or they leave") {
    Attention read(8);
    const ValueId other = read.made.value("other", std::vector<int>(8, 4), 1, 8);
    read.made.layer(LayerNormOp{}, {read.weights}, other);
    CHECK(run_head_by_head(read.network(), 16) == 0);
    Attention leaves(8);
    leaves.made.output(leaves.weights);
    CHECK(run_head_by_head(leaves.network(), 16) == 0);
}

TEST_CASE("what is added to all heads alike stays whole, what is added to each is cut with them") {
    Attention a(8);
    HandMade& m = a.made;
    const ValueId row = m.input("row", {4, 4}, 1, 8), each = m.input("each", std::vector<int>(8, 4), 1, 8);
    const ValueId sum = m.value("sum", std::vector<int>(8, 4), 1, 8);
    std::vector<Layer> layers(m.network.layers.begin(), m.network.layers.end());
    std::get<HeadMatmulOp>(layers[0].op).added = m.part(row);
    layers[0].inputs.push_back(m.part(row));
    layers.insert(layers.begin() + 1, {"sum", "add", BinaryOp{}, {m.part(a.scores), m.part(each)}, m.part(sum)});
    layers[2].inputs = {m.part(sum)};
    m.network.layers = IdVector<LayerId, Layer>(std::move(layers));
    CHECK(run_head_by_head(m.network, 16) == 1);
    CHECK(verify(m.network, m.graph).empty());
    int cut = 0;
    for (const Layer& l : m.network.layers) {
        if (l.name == "scores") CHECK(l.inputs[2].slots == 2);
        if (l.name == "sum") CHECK(l.inputs[1].first_slot == 2 * cut++);
    }
    CHECK(cut == 4);
}
