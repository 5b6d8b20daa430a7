// Encoders: embeddings, masks and products of activations, on chip from the first row to the last.
#include <limits>

#include "checks.hpp"
#include "graph/json_form.hpp"
#include "support/source_folder.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::CompileOptions;
using graph::Op;

namespace {

/// softmax(q k^T / 4 + mask) v of heads x size hidden elements, with everything in between that a mask or a scale can
/// meet.
struct Attention {
    Net net;
    std::int64_t tokens, heads, size;

    TensorId heads_of(TensorId x, const std::vector<std::int64_t>& perm) {
        return net.transpose(net.reshape(net.project(x, heads * size), {1, tokens, heads, size}), perm);
    }
    TensorId scores(TensorId x) { return net.binary(Op::matmul, heads_of(x, {0, 2, 1, 3}), heads_of(x, {0, 2, 3, 1})); }
    TensorId context(TensorId weights, TensorId x) {
        const TensorId y = net.binary(Op::matmul, weights, heads_of(x, {0, 2, 1, 3}));
        return net.reshape(net.transpose(y, {0, 2, 1, 3}), {1, tokens, heads * size});
    }
    TensorId mask() { return net.reshape(net.input({1, tokens}, "mask"), {1, 1, 1, tokens}); }
};

/// Kinds of the layers of a program that move through device DRAM what they could have kept.
std::string detours(const program::Program& p) {
    std::string list;
    for (const auto& layer : p.layers)
        if (layer.kind == "store" || layer.kind == "fetch") list += layer.kind + " " + layer.name + "\n";
    return list;
}

}  // namespace

TEST_CASE("a mask of the scores is spread over the partitions once and added as they leave PSUM") {
    for (const auto& [tokens, heads, size] :
         {std::array<std::int64_t, 3>{128, 12, 64}, {128, 4, 32}, {96, 3, 64}, {40, 2, 16}, {200, 2, 64}}) {
        INFO(tokens << " tokens, " << heads << " heads of " << size);
        Attention a{Net{}, tokens, heads, size};
        const TensorId x = a.net.input({1, tokens, 48});
        const TensorId mask = a.mask();
        TensorId y = a.net.layer_norm(x);
        for (int layer = 0; layer < 2; ++layer) {
            const TensorId scores = a.net.add(a.net.binary(Op::mul, a.scores(y), a.net.number(0.25)), mask);
            y = a.context(a.net.softmax(scores, 3), y);
        }
        const auto c = check_computes(a.net.finish({y}), 2);
        if (size != 64) continue;  // heads that share slots take the general way
        CHECK(detours(c.program) == "");
        CHECK(std::count_if(c.program.layers.begin(), c.program.layers.end(),
                            [](const auto& l) { return l.kind == "spread"; }) == 1);
        CHECK(std::none_of(c.program.layers.begin(), c.program.layers.end(),
                           [](const auto& l) { return l.kind == "add" || l.kind == "mul"; }));
    }
}

TEST_CASE("a row beside a tensor that no product wrote, or whose product others read, is an operand of its own") {
    Attention a{Net{}, 64, 2, 64};
    const TensorId x = a.net.input({1, 64, 48}), mask = a.mask();
    const TensorId scores = a.scores(x);
    const TensorId scaled = a.net.binary(Op::div, scores, a.net.number(3));
    const TensorId masked = a.net.add(mask, a.net.softmax(a.net.add(scaled, mask), 3));
    const TensorId limited = a.net.binary(Op::minimum, a.net.binary(Op::sub, scores, mask), a.net.softmax(masked, 3));
    check_computes(a.net.finish({a.context(a.net.softmax(limited, 3), x), scaled}), 2);
}

TEST_CASE("rows of embeddings are added up where they arrive and turned once") {
    for (const auto& [tokens, hidden] : {std::pair<std::int64_t, std::int64_t>{128, 96}, {50, 200}, {130, 64}}) {
        Net net;
        const TensorId ids = net.ids(tokens), types = net.ids(tokens, "types");
        TensorId x = net.add(net.embedding(ids, 9, hidden), net.embedding(types, 4, hidden));
        x = net.add(x, net.constant({tokens, hidden}));
        const TensorId normed = net.layer_norm(x);
        const auto c = check_computes(net.finish({net.add(net.project(normed, hidden), normed), x}), 3);
        CHECK(std::count_if(c.program.layers.begin(), c.program.layers.end(),
                            [](const auto& l) { return l.kind == "transpose"; }) == 2);
        CHECK(c.memory.spill_save_bytes + c.memory.relayout_write_bytes == 0);
    }
}

TEST_CASE("BERT-base: 22.3 GFLOP and 85 M weights per sequence, six sequences fit, and the encoder stays on chip") {
    const auto graph = graph::load_model("bert_base", source_folder("/models"));
    for (const int batch : {1, 6}) {
        const auto c = compiled(graph, batch, {}, DType::bf16);
        std::int64_t macs = 0, weights = 0, read = 0;
        for (const auto& layer : c.program.layers) {
            macs += layer.macs;
            if (layer.kind.rfind("dense", 0) == 0) weights += layer.weight_bytes / 2;
        }
        for (const auto& queue : c.program.queues)
            for (const auto& in : queue.instructions)
                if (const auto* load = std::get_if<program::DmaLoad>(&in.op);
                    load && c.program.segments[load->src.segment].purpose == program::Purpose::weights)
                    read += program::total_bytes(load->dst);
        CHECK(macs == 12LL * (4LL * 128 * 768 * 768 + 2LL * 128 * 128 * 768 + 2LL * 128 * 768 * 3072));
        CHECK(2e-9 * static_cast<double>(macs) == Approx(22.3).margin(0.05));
        CHECK(weights == 84'934'656);
        CHECK(read == 2 * weights);  // once, whatever the batch
        CHECK(detours(c.program) == "fetch embedding_positions\n");
        CHECK(c.memory.spill_save_bytes + c.memory.relayout_write_bytes == 0);
        CHECK(complaints(c.program) == "");
    }
}

TEST_CASE("scores that a row of conditions masks stay on chip, whatever the number and the side") {
    for (const double number : {-std::numeric_limits<double>::infinity(), -1e30, -65504.0, -10.0, 0.0, 1.0})
        for (const bool where_true : {true, false}) {
            INFO(number << (where_true ? " where" : " where not"));
            Attention a{Net{}, 96, 3, 64};
            const TensorId x = a.net.input({1, 96, 48});
            const TensorId closed = a.net.binary(Op::greater, a.mask(), a.net.number(0));
            TensorId y = x;
            for (int layer = 0; layer < 2; ++layer) {
                const TensorId scores = a.scores(y), n = a.net.number(number);
                y = a.context(a.net.softmax(a.net.where(closed, where_true ? n : scores, where_true ? scores : n), 3),
                              y);
            }
            const graph::Graph graph = a.net.finish({y});
            const auto c = check_computes(graph, 2);
            CHECK(detours(c.program).find("where") == std::string::npos);
            const auto turned = std::count_if(c.program.layers.begin(), c.program.layers.end(), [](const auto& l) {
                return l.kind == "transpose" && l.name.find("where") == 0;
            });
            CHECK(turned <= 2);  // the row of conditions, once for both layers in each form; no scores
            CompileOptions plain;
            plain.masked_rows = false;
            CHECK(detours(check_computes(graph, 1, plain).program).find("where") != std::string::npos);
        }
}

TEST_CASE("numbers that differ by little more than nothing are put in by rows of their own") {
    Attention a{Net{}, 64, 2, 64};
    const TensorId closed = a.net.binary(Op::greater, a.mask(), a.net.number(0));
    const TensorId scores = a.scores(a.net.input({1, 64, 48}));
    std::vector<TensorId> outputs;
    for (const double number : {1e-7, 3e-7})
        outputs.push_back(a.net.softmax(a.net.where(closed, a.net.number(number), scores), 3));
    const auto c = check_computes(a.net.finish(outputs), 1);
    // That of the limit, which both share, and one for each number.
    CHECK(std::count_if(c.program.layers.begin(), c.program.layers.end(),
                        [](const auto& l) { return l.kind == "spread"; }) == 3);
}
