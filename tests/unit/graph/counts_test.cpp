#include <catch2/catch.hpp>

#include "graph/counts.hpp"
#include "support/graphs.hpp"

using namespace infsim;
using namespace infsim::graph;
using infsim::test::Net;
using infsim::test::Window;

TEST_CASE("parameters read: weights and biases once, whatever the batch") {
    Net net;
    const TensorId x = net.input({1, 4, 6, 6});
    const Graph g = net.finish({net.dense(net.flatten(net.conv(x, 8, Window::square(3))), 5)});
    for (const int items : {1, 16}) CHECK(parameters_read(g, items) == 8 * 4 * 9 + 8 + 8 * 4 * 4 * 5 + 5);
}

TEST_CASE("parameters read: a weight of several nodes counts once, in whatever shape they take it") {
    Net net;
    const TensorId x = net.input({1, 4, 200}), w = net.constant({200, 200});
    const TensorId once = net.op(Op::matmul, {x, w}), twice = net.op(Op::matmul, {once, w});
    const TensorId turned = net.op(Op::matmul, {twice, net.transpose(w, {1, 0})});
    CHECK(parameters_read(net.finish({turned}), 2) == 200 * 200);
}

TEST_CASE(
    "parameters read: of a table that is looked up, the rows that all items need, and never more than there are") {
    Net net;
    const TensorId ids = net.ids(6);
    const Graph g = net.finish({net.project(net.embedding(ids, 100, 8), 5)});
    CHECK(parameters_read(g, 1) == 6 * 8 + 8 * 5);
    CHECK(parameters_read(g, 4) == 4 * 6 * 8 + 8 * 5);
    CHECK(parameters_read(g, 50) == 100 * 8 + 8 * 5);
}

TEST_CASE("parameters read: a table that is also multiplied by is read whole") {
    Net net;
    const TensorId ids = net.ids(6), table = net.constant({5000, 8});
    const TensorId x = net.op(Op::gather, {table, ids}, {{"axis", std::int64_t{0}}});
    const Graph g = net.finish({net.op(Op::matmul, {x, net.transpose(table, {1, 0})})});
    CHECK(parameters_read(g, 1) == 5000 * 8);
}
