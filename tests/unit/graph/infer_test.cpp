#include "graph/infer.hpp"

#include <catch2/catch.hpp>

#include "graph/counts.hpp"
#include "graph/op_spec.hpp"
#include "support.hpp"

using namespace infsim;
using namespace infsim::graph;

namespace {

using Attributes = std::map<std::string, Attribute, std::less<>>;

NodeFacts infer(Op op, const std::vector<Facts>& inputs, Attributes attributes = {}, std::int64_t batch = 1) {
    Node node;
    node.op = op;
    node.attributes = std::move(attributes);
    std::vector<const Facts*> operands;
    for (const auto& f : inputs) operands.push_back(&f);
    return infer_node(node, operands, batch);
}

Facts item(Shape shape, BatchPlace place = {0, 1}) { return {std::move(shape), DType::fp32, true, place}; }
Facts constant(Shape shape, DType dtype = DType::fp32) { return {std::move(shape), dtype, false, std::nullopt}; }

Attributes window(Shape kernel, Shape strides, Shape pads, Shape dilations) {
    return {{"kernel_shape", kernel}, {"strides", strides}, {"pads", pads}, {"dilations", dilations}};
}

Shape shape_of(Op op, const std::vector<Facts>& inputs, Attributes attributes = {}) {
    return infer(op, inputs, std::move(attributes)).outputs.at(0).shape;
}

}  // namespace

TEST_CASE("the operator table has one entry per operator, and names go both ways") {
    for (std::size_t i = 0; i < op_specs().size(); ++i) {
        CHECK(static_cast<std::size_t>(op_specs()[i].op) == i);
        CHECK(parse_op(op_specs()[i].name) == op_specs()[i].op);
    }
    CHECK(op_specs().size() == static_cast<std::size_t>(Op::atan) + 1);
    CHECK_FALSE(parse_op("no_such_op"));
}

TEST_CASE("shapes of convolutions and pools") {
    auto conv = window({7, 7}, {2, 2}, {3, 3, 3, 3}, {1, 1});
    conv["group"] = std::int64_t{1};
    CHECK(shape_of(Op::conv, {item({1, 3, 224, 224}), constant({64, 3, 7, 7})}, conv) == Shape{1, 64, 112, 112});
    auto dilated = window({3}, {1}, {0, 0}, {4});
    dilated["group"] = std::int64_t{2};
    CHECK(shape_of(Op::conv, {item({1, 4, 20}), constant({6, 2, 3}), constant({6})}, dilated) == Shape{1, 6, 12});
    auto pool = window({3, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1});
    pool["ceil_mode"] = std::int64_t{1};
    CHECK(shape_of(Op::max_pool, {item({1, 8, 112, 112})}, pool) == Shape{1, 8, 56, 56});
    // The last window of ceil mode would start in the padding behind the image: it does not count.
    auto tail = window({1, 1}, {2, 2}, {0, 0, 1, 1}, {1, 1});
    tail["ceil_mode"] = std::int64_t{1};
    CHECK(shape_of(Op::max_pool, {item({1, 8, 4, 4})}, tail) == Shape{1, 8, 2, 2});
    auto up = window({3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1});
    up["group"] = std::int64_t{1};
    up["output_padding"] = Shape{1, 0};
    CHECK(shape_of(Op::conv_transpose, {item({1, 2, 5, 5}), constant({2, 4, 3, 3})}, up) == Shape{1, 4, 10, 9});
}

TEST_CASE("shape errors say what does not fit") {
    auto conv = window({3, 3}, {1, 1}, {0, 0, 0, 0}, {1, 1});
    conv["group"] = std::int64_t{1};
    CHECK_THROWS_WITH(infer(Op::conv, {item({1, 4, 8, 8}), constant({8, 3, 3, 3})}, conv), Catch::Contains("channels"));
    CHECK_THROWS_WITH(infer(Op::conv, {item({1, 3, 2, 2}), constant({8, 3, 3, 3})}, conv),
                      Catch::Contains("larger than the padded input"));
    CHECK_THROWS_AS(infer(Op::add, {item({1, 3}), item({1, 4})}), ShapeError);
    CHECK_THROWS_AS(infer(Op::matmul, {item({1, 3}), constant({4, 2})}), ShapeError);
    CHECK_THROWS_AS(infer(Op::add, {item({1, 3}), constant({3}, DType::i64)}), ShapeError);
    CHECK_THROWS_AS(infer(Op::concat, {item({1, 3}), item({1, 3, 1})}, {{"axis", std::int64_t{1}}}), ShapeError);
    CHECK_THROWS_AS(infer(Op::transpose, {item({1, 3})}, {{"perm", Shape{0, 0}}}), ShapeError);
    CHECK_THROWS_AS(infer(Op::add, {item({1, 3})}), ShapeError);
}

TEST_CASE("shapes and MACs of matrix products") {
    CHECK(shape_of(Op::matmul, {item({1, 12, 128, 64}), item({1, 12, 64, 128})}) == Shape{1, 12, 128, 128});
    CHECK(shape_of(Op::matmul, {item({1, 5, 4}), constant({4})}) == Shape{1, 5});
    CHECK(shape_of(Op::matmul, {constant({4}), constant({2, 4, 3})}) == Shape{2, 3});
    CHECK(shape_of(Op::einsum, {item({1, 5, 4}), constant({4, 7})}, {{"equation", std::string("bij,jk->bik")}}) ==
          Shape{1, 5, 7});
    CHECK(shape_of(Op::einsum, {constant({2, 5, 4}), constant({4, 2})}, {{"equation", std::string("...ij, jk")}}) ==
          Shape{2, 5, 2});
}

TEST_CASE("element types follow") {
    CHECK(infer(Op::greater, {item({1, 3}), item({1, 3})}).outputs[0].dtype == DType::boolean);
    CHECK(infer(Op::cast, {item({1, 3})}, {{"to", std::string("i64")}}).outputs[0].dtype == DType::i64);
    CHECK(infer(Op::gather, {constant({10, 4}), {{1, 3}, DType::i64, true, BatchPlace{0, 1}}},
                {{"axis", std::int64_t{0}}})
              .outputs[0]
              .dtype == DType::fp32);
}

TEST_CASE("the batch is followed through moves, and lost where items meet") {
    const auto moved = infer(Op::transpose, {item({4, 3, 8})}, {{"perm", Shape{1, 0, 2}}}, 4).outputs[0];
    REQUIRE(moved.place);
    CHECK(*moved.place == BatchPlace{1, 1});
    const auto joined = infer(Op::reshape, {moved}, {{"shape", Shape{12, 8}}}, 4).outputs[0];
    REQUIRE(joined.place);
    CHECK(*joined.place == BatchPlace{0, 3});  // three positions outside of each batch of 4
    const auto back = infer(Op::reshape, {joined}, {{"shape", Shape{3, 4, 8}}}, 4).outputs[0];
    REQUIRE(back.place);
    CHECK(*back.place == BatchPlace{1, 1});
    CHECK(infer(Op::reshape, {joined}, {{"shape", Shape{4, 3, 8}}}, 4).mixing != "");
    CHECK(infer(Op::reshape, {joined}, {{"shape", Shape{2, 6, 8}}}, 4).mixing != "");
    CHECK(infer(Op::reduce_mean, {item({4, 3})}, {{"axes", Shape{0}}, {"keepdims", std::int64_t{0}}}, 4).mixing != "");
    CHECK(infer(Op::reduce_mean, {item({4, 3})}, {{"axes", Shape{1}}, {"keepdims", std::int64_t{0}}}, 4).mixing == "");
    CHECK(infer(Op::add, {item({4, 4}), item({4, 4}, {1, 1})}, {}, 4).mixing != "");
    CHECK(infer(Op::matmul, {item({4, 3}), item({3, 4}, {1, 1})}, {}, 4).mixing != "");
    CHECK(infer(Op::gather, {item({4, 3}), {{2}, DType::i64, false, std::nullopt}}, {{"axis", std::int64_t{0}}}, 4)
              .mixing != "");
    CHECK(infer(Op::split, {item({4, 3})}, {{"axis", std::int64_t{0}}, {"split", Shape{2, 2}}}, 4).mixing != "");
    CHECK(infer(Op::layer_norm, {item({4, 3}), constant({4, 3})}, {{"axis", std::int64_t{0}}, {"epsilon", 1e-5}}, 4)
              .mixing != "");
    CHECK(infer(Op::einsum, {item({4, 3}), item({4, 3})}, {{"equation", std::string("bi,bi->i")}}, 4).mixing != "");
    CHECK(infer(Op::einsum, {item({4, 3}), item({4, 3})}, {{"equation", std::string("bi,bi->b")}}, 4).mixing == "");
}

TEST_CASE("the check finds what a broken pass leaves behind") {
    const auto good = load_model("three_layers", test::models_folder());
    REQUIRE(test::first_problem(good) == "");
    const auto broken = [&](auto change) {
        Graph g = good;
        change(g);
        return test::first_problem(g);
    };
    CHECK(broken([](Graph& g) { g.nodes[1].name = g.nodes[0].name; }) != "");
    CHECK(broken([](Graph& g) { g.tensors[1].name = g.tensors[0].name; }) != "");
    CHECK(broken([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }).find("before it is computed") !=
          std::string::npos);
    CHECK(broken([](Graph& g) { g.nodes[0].attributes.erase("group"); }).find("lacks attribute 'group'") !=
          std::string::npos);
    CHECK(broken([](Graph& g) { g.nodes[0].attributes["group"] = 1.0; }).find("must be of type integer") !=
          std::string::npos);
    CHECK(broken([](Graph& g) { g.nodes[0].attributes["more"] = std::int64_t{1}; }) != "");
    CHECK(broken([](Graph& g) { g.nodes[1].inputs.push_back(0); }).find("has 2 inputs") != std::string::npos);
    CHECK(broken([](Graph& g) { g.tensor(g.outputs[0]).shape[1] = 7; }).find("inference says") != std::string::npos);
    CHECK(broken([](Graph& g) { g.tensor(g.outputs[0]).batched = false; }) != "");
    CHECK(broken([](Graph& g) { g.tensor(g.outputs[0]).dtype = DType::fp16; }) != "");
    CHECK(broken([](Graph& g) { g.outputs.clear(); }) != "");
    CHECK(broken([](Graph& g) { g.nodes[0].inputs[1] = 4711; }) != "");
    CHECK(broken([](Graph& g) { g.tensor(g.nodes[0].inputs[1]).constant.reset(); }) != "");
    CHECK(broken([](Graph& g) { g.tensor(g.nodes[0].inputs[1]).constant = Inline{{1, 2}}; }) != "");
}
