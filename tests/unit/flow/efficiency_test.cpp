#include <catch2/catch.hpp>

#include "flow/run/demand.hpp"
#include "flow/run/efficiency.hpp"
#include "support/graphs.hpp"
#include "support/run_data.hpp"

using namespace infsim;
using namespace infsim::flow;
using stats::Activity;

namespace {

/// A depthwise convolution of 128 channels, 3 items: 9 products for each of 128 x 6 x 6 outputs.
Point depthwise() {
    test::Net net;
    Point p;
    p.graph = net.finish({net.conv(net.input({1, 128, 8, 8}), 128, test::Window::square(3), true, 128)});
    p.chip = test::default_chip();
    p.batch = 3;
    p.cores = 1;
    return p;
}

program::Program program_of(const Point& point) { return std::get<compiler::Compiled>(compile_point(point)).program; }

}  // namespace

TEST_CASE("what a network needs is its own arithmetic, parameters once, and inputs and outputs of all items") {
    const Point p = depthwise();
    const analysis::NeededWork work = needed_work(p, demand_of(p.chip, program_of(p)));
    CHECK(work.macs == 3 * 9 * 128 * 6 * 6);
    CHECK(work.bytes == Bytes{2 * (128 * 9 + 128) + 3 * 2 * 128 * (8 * 8 + 6 * 6)});
}

TEST_CASE("layers get their measured time, what they move, and how much of their weights is padding") {
    const Point p = depthwise();
    const program::Program program = program_of(p);
    std::vector<stats::ActivityTimes> shares(program.layers.size());
    std::vector<stats::LayerRow> rows(program.layers.size());
    shares[0][static_cast<std::size_t>(Activity::pe)] = 0.5;
    shares[0][static_cast<std::size_t>(Activity::weights)] = 0.25;
    rows[0].pe_ms = 2;
    const analysis::LayerTime layer = layer_times(p, program, shares, rows).at(0);
    CHECK(layer.name == program.layers[0].name);
    CHECK(layer.pe_ms == 0.5);
    CHECK(layer.weights.ms == 0.25);
    CHECK(layer.true_weight_bytes == 2 * 128 * 9);
    CHECK(layer.stored_weight_bytes == program.layers[0].weight_bytes);
    CHECK(layer.weights.bytes >= layer.true_weight_bytes);
    CHECK(layer.inputs.bytes == 3 * 2 * 128 * 8 * 8);
    CHECK(layer.weights.runs > 0);
    // 8192 products in a cycle of 1.024 ns.
    CHECK(layer.array_use == Approx(3.0 * 9 * 128 * 36 / (8192 * 2e-3 / 1.024e-9)));
}
