// Resizes: nearest picks, linear and cubic sum up weighted picks.
#include <catch2/catch.hpp>

#include "support/lowered.hpp"

using namespace infsim;
using namespace infsim::test;
using compiler::BinaryOp;
using compiler::FetchOp;
using graph::Op;
using program::AluOp;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<double>;

namespace {

TensorId resize(Net& net, TensorId x, const std::string& mode, const Reals& scales, const std::string& position,
                const std::string& rounding = "floor", const Reals& roi = {}) {
    Ints sizes;
    for (std::size_t a = 0; a < scales.size(); ++a)
        sizes.push_back(net.shape(x)[a] * static_cast<std::int64_t>(scales[a]));
    return net.op(Op::resize, {x},
                  {{"mode", mode},
                   {"scales", scales},
                   {"sizes", sizes},
                   {"roi", roi},
                   {"coordinate_transformation_mode", position},
                   {"nearest_mode", rounding},
                   {"cubic_coeff_a", -0.75},
                   {"exclude_outside", std::int64_t{0}},
                   {"extrapolation_value", 9.0}});
}

}  // namespace

TEST_CASE("doubling by nearest repeats every element in one walk") {
    Net net;
    const Lowered l(net, resize(net, net.input({1, 3, 4, 5}), "nearest", {1, 1, 2, 2}, "asymmetric"), through_dram());
    REQUIRE(l.kinds() == "fetch");
    const FetchOp& op = l.op<FetchOp>(0);
    REQUIRE(op.boxes.size() == 1);
    CHECK_FALSE(op.fill);
    REQUIRE(op.boxes[0].from.axes[3].size() == 2);
    CHECK(op.boxes[0].from.axes[3][0].extent == 5);
    CHECK(op.boxes[0].from.axes[3][1].extent == 2);
    CHECK(op.boxes[0].from.axes[3][1].stride == 0);
    CHECK(l.written_by(0) == image({3}, 8, 10));
}

TEST_CASE("doubling one axis linearly is a sum of two weighted picks") {
    Net net;
    const Lowered l(net, resize(net, net.input({1, 1, 1, 2}), "linear", {1, 1, 1, 2}, "half_pixel"), through_dram());
    REQUIRE(l.kinds() == "fetch fetch resize fetch fetch resize resize store fetch");
    REQUIRE(l.network.literals.size() == 2);  // positions -0.25, 0.25, 0.75, 1.25
    CHECK(l.network.literals[0] == std::vector<float>{0.25F, 0.75F, 0.25F, 0.75F});
    CHECK(l.network.literals[1] == std::vector<float>{0.75F, 0.25F, 0.75F, 0.25F});
    CHECK(l.op<BinaryOp>(2).op == AluOp::multiply);
    CHECK(l.op<BinaryOp>(5).op == AluOp::multiply);
    CHECK(l.op<BinaryOp>(6).op == AluOp::add);
}

TEST_CASE("a cubic resize has four taps whose weights add up to 1") {
    Net net;
    const Lowered l(net, resize(net, net.input({1, 1, 1, 4}), "cubic", {1, 1, 1, 2}, "half_pixel"), through_dram());
    REQUIRE(l.network.literals.size() == 4);
    for (std::size_t o = 0; o < 8; ++o) {
        float sum = 0;
        for (const auto& tap : l.network.literals) sum += tap.at(o);
        CHECK(sum == Approx(1.0));
    }
}

TEST_CASE("a crop fills what lies outside of the input") {
    Net net;
    const TensorId x = net.input({1, 1, 1, 4});
    const Lowered l(net,
                    resize(net, x, "nearest", {1, 1, 1, 1}, "tf_crop_and_resize", "floor", {0, 0, 0, 0, 1, 1, 1, 2}),
                    through_dram());  // to twice the width: 0, 2, 4, 6
    REQUIRE(l.kinds() == "fetch");
    CHECK(*l.op<FetchOp>(0).fill == 9.0F);
    REQUIRE(l.op<FetchOp>(0).boxes.size() == 1);
    CHECK(compiler::shape_of(l.op<FetchOp>(0).boxes[0].from) == graph::Shape{1, 1, 1, 2});
}

TEST_CASE("modes that nobody knows are refused by their name") {
    const auto why = [](const std::string& mode, const std::string& position, const std::string& rounding) {
        Net net;
        return refusal(net, resize(net, net.input({1, 1, 1, 4}), mode, {1, 1, 1, 2}, position, rounding));
    };
    CHECK(why("spline", "asymmetric", "floor").find("resize mode 'spline'") != std::string::npos);
    CHECK(why("linear", "odd", "floor").find("coordinate_transformation_mode 'odd'") != std::string::npos);
    CHECK(why("nearest", "asymmetric", "odd").find("nearest_mode 'odd'") != std::string::npos);
    CHECK(why("linear", "asymmetric", "odd").empty());
}

TEST_CASE("doubling by nearest on chip is one copy") {
    Net net;
    const Lowered l(net, resize(net, net.relu(net.input({1, 3, 4, 5})), "nearest", {1, 1, 2, 2}, "asymmetric"));
    REQUIRE(l.kinds() == "relu resize");
    CHECK(l.op<compiler::ArrangeOp>(1).pieces.size() == 1);
    CHECK(l.written_by(1) == image({3}, 8, 10));
}

TEST_CASE("doubling linearly on chip adds two weighted taps, axis by axis") {
    Net net;
    const Lowered l(net, resize(net, net.relu(net.input({1, 3, 4, 5})), "linear", {1, 1, 2, 2}, "half_pixel"));
    REQUIRE(l.kinds() == "relu resize resize");
    CHECK(l.written_by(1) == image({3}, 8, 5));
    CHECK(l.written_by(2) == image({3}, 8, 10));
    // Before an output lies a quarter or three quarters of its weight; the first one's taps are the same element.
    const auto& pieces = l.op<compiler::ArrangeOp>(1).pieces;
    CHECK(pieces[0].weight == 0.25F);
    CHECK_FALSE(pieces[0].add);
    CHECK(pieces.back().add);
    float sum = 0;
    for (const auto& piece : pieces)
        if (piece.to == 5) sum += piece.weight;
    CHECK(sum == 1.0F);
}
