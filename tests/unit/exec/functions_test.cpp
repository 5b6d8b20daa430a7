#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "exec/functions.hpp"
#include "exec/gemm.hpp"

using namespace infsim;
using program::ActFunction;
using program::AluOp;

namespace {

template <class T = float>
T act(ActFunction f, T x) {
    exec::apply(f, &x, 1);
    return x;
}
template <class T = float>
T alu(AluOp op, T a, T b) {
    exec::apply(op, &a, &b, 1, 1);
    return a;
}
const float kNan = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("ACT functions have their published values") {
    // Reference values to nine digits, from tables of the functions.
    CHECK(act(ActFunction::exp, 1.0F) == Approx(2.718281828).epsilon(1e-7));
    CHECK(act(ActFunction::log, 10.0F) == Approx(2.302585093).epsilon(1e-7));
    CHECK(act(ActFunction::sqrt, 2.0F) == Approx(1.414213562).epsilon(1e-7));
    CHECK(act(ActFunction::rsqrt, 4.0F) == 0.5F);
    CHECK(act(ActFunction::reciprocal, -8.0F) == -0.125F);
    CHECK(act(ActFunction::sigmoid, 1.0F) == Approx(0.731058579).epsilon(1e-7));
    CHECK(act(ActFunction::tanh, 0.5F) == Approx(0.462117157).epsilon(1e-7));
    CHECK(act(ActFunction::gelu, 1.0F) == Approx(0.841344746).epsilon(1e-7));
    CHECK(act(ActFunction::gelu_tanh, 1.0F) == Approx(0.841191991).epsilon(1e-7));
    CHECK(act(ActFunction::erf, 0.5F) == Approx(0.520499878).epsilon(1e-7));
    CHECK(act(ActFunction::softplus, 1.0F) == Approx(1.313261688).epsilon(1e-7));
    CHECK(act(ActFunction::softplus, 500.0F) == 500.0F);
    CHECK(act(ActFunction::softsign, -3.0F) == -0.75F);
    CHECK(act(ActFunction::abs, -3.0F) == 3.0F);
    CHECK(act(ActFunction::square, -3.0F) == 9.0F);
    CHECK(act(ActFunction::sin, 1.0F) == Approx(0.841470985).epsilon(1e-7));
    CHECK(act(ActFunction::cos, 1.0F) == Approx(0.540302306).epsilon(1e-7));
    CHECK(act(ActFunction::atan, 1.0F) == Approx(0.785398163).epsilon(1e-7));
    CHECK(act(ActFunction::atan, -1e30F) == Approx(-1.570796327).epsilon(1e-7));
    CHECK(act(ActFunction::identity, -3.5F) == -3.5F);
}

TEST_CASE("ACT rounds and takes signs as ONNX does") {
    CHECK(act(ActFunction::relu, -1.0F) == 0.0F);
    CHECK(act(ActFunction::relu, 2.0F) == 2.0F);
    CHECK(act(ActFunction::round, 2.5F) == 2.0F);
    CHECK(act(ActFunction::round, 3.5F) == 4.0F);
    CHECK(act(ActFunction::floor, -1.5F) == -2.0F);
    CHECK(act(ActFunction::ceil, -1.5F) == -1.0F);
    CHECK(act(ActFunction::sign, -7.0F) == -1.0F);
    CHECK(act(ActFunction::sign, 0.0F) == 0.0F);
    CHECK(act(ActFunction::sign, 7.0F) == 1.0F);
}

TEST_CASE("NaN goes through every ACT function, and through max and min from either side") {
    for (int f = 0; f < static_cast<int>(program::kActFunctions.size()); ++f)
        CHECK(std::isnan(act(static_cast<ActFunction>(f), kNan)));
    for (AluOp op : {AluOp::max, AluOp::min}) {
        CHECK(std::isnan(alu(op, kNan, 1.0F)));
        CHECK(std::isnan(alu(op, 1.0F, kNan)));
    }
}

TEST_CASE("ALU operations, forwards and reversed") {
    CHECK(alu(AluOp::none, 6.0F, 2.0F) == 6.0F);
    CHECK(alu(AluOp::add, 6.0F, 2.0F) == 8.0F);
    CHECK(alu(AluOp::subtract, 6.0F, 2.0F) == 4.0F);
    CHECK(alu(AluOp::reverse_subtract, 6.0F, 2.0F) == -4.0F);
    CHECK(alu(AluOp::multiply, 6.0F, 2.0F) == 12.0F);
    CHECK(alu(AluOp::divide, 6.0F, 2.0F) == 3.0F);
    CHECK(alu(AluOp::reverse_divide, 8.0F, 2.0F) == 0.25F);
    CHECK(alu(AluOp::max, 6.0F, 2.0F) == 6.0F);
    CHECK(alu(AluOp::min, 6.0F, 2.0F) == 2.0F);
    CHECK(alu(AluOp::power, 3.0F, 2.0F) == 9.0F);
    CHECK(alu(AluOp::reverse_power, 3.0F, 2.0F) == 8.0F);
}

TEST_CASE("comparisons and logic yield one or zero") {
    const auto row = [](AluOp op) {
        return std::vector<float>{alu(op, 1.0F, 2.0F), alu(op, 2.0F, 2.0F), alu(op, 3.0F, 2.0F), alu(op, 0.0F, 0.0F),
                                  alu(op, 0.0F, 5.0F)};
    };
    CHECK(row(AluOp::equal) == std::vector<float>{0, 1, 0, 1, 0});
    CHECK(row(AluOp::not_equal) == std::vector<float>{1, 0, 1, 0, 1});
    CHECK(row(AluOp::greater) == std::vector<float>{0, 0, 1, 0, 0});
    CHECK(row(AluOp::greater_equal) == std::vector<float>{0, 1, 1, 1, 0});
    CHECK(row(AluOp::less) == std::vector<float>{1, 0, 0, 0, 1});
    CHECK(row(AluOp::less_equal) == std::vector<float>{1, 1, 0, 1, 1});
    CHECK(row(AluOp::logical_and) == std::vector<float>{1, 1, 1, 0, 0});
    CHECK(row(AluOp::logical_or) == std::vector<float>{1, 1, 1, 0, 1});
    CHECK(row(AluOp::logical_xor) == std::vector<float>{0, 0, 0, 0, 1});
}

TEST_CASE("a scalar operand serves every element") {
    std::vector<double> x{1, 2, 3};
    const double ten = 10;
    exec::apply(AluOp::multiply, x.data(), &ten, 0, 3);
    CHECK(x == std::vector<double>{10, 20, 30});
}

TEST_CASE("the matrix product is the transposed stationary times the moving operand") {
    const std::vector<float> stationary{1, 2, 3, 4, 5, 6};                // K=2 rows, M=3 columns
    const std::vector<float> moving{1, 10, 100, 1000, 2, 20, 200, 2000};  // K=2, N=4
    std::vector<float> out(12);
    exec::multiply(stationary.data(), moving.data(), out.data(), 2, 3, 4);
    CHECK(out == std::vector<float>{9, 90, 900, 9000, 12, 120, 1200, 12000, 15, 150, 1500, 15000});
}

TEST_CASE("small integers multiply exactly at the array's full size") {
    constexpr int k = 128, m = 64, n = 512;
    std::vector<float> s(k * m), x(k * n), out(m * n);
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = static_cast<float>(static_cast<int>(i * 7 % 15) - 7);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(i * 5 % 13) - 6);
    exec::multiply(s.data(), x.data(), out.data(), k, m, n);
    int wrong = 0;
    for (int c = 0; c < m; ++c)
        for (int e = 0; e < n; e += 37) {
            int sum = 0;
            for (int r = 0; r < k; ++r)
                sum += static_cast<int>(s[static_cast<std::size_t>(r * m + c)]) *
                       static_cast<int>(x[static_cast<std::size_t>(r * n + e)]);
            wrong += out[static_cast<std::size_t>(c * n + e)] != static_cast<float>(sum);
        }
    CHECK(wrong == 0);
}
