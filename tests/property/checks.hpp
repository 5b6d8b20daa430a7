// What has to hold for every outcome of a compilation.
#pragma once

#include <catch2/catch.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "random_network.hpp"
#include "support/reference.hpp"
#include "support/run_data.hpp"
#include "support/verified.hpp"

namespace infsim::test {

using Outputs = std::vector<std::vector<std::vector<float>>>;  ///< [image][output][element]

/// The Program if there is one, after everything that can be said without data. A refusal must say what it is about.
inline std::optional<compiler::Compiled> checked(const graph::Graph& graph, const hw::ChipSpec& chip, int batch,
                                                 const compiler::CompileOptions& options, DType dtype = DType::fp32,
                                                 DType io_dtype = DType::fp32) {
    auto result = compiler::compile(graph, chip, batch, dtype, io_dtype, options, test::verified());
    // The cheap answer is the same, in words as well: asked of some, because it costs half as much again.
    if (graph.nodes.size() % 4 == 0) {
        const auto why = compiler::refusal_of(graph, chip, batch, dtype, io_dtype, options);
        const auto* no = std::get_if<compiler::DoesNotFit>(&result);
        CHECK((why ? why->text : "fits") == (no != nullptr ? no->text : "fits"));
    }
    if (const auto* no = std::get_if<compiler::DoesNotFit>(&result)) {
        INFO(no->text);
        CHECK(no->wanted_bytes > no->available_bytes);
        CHECK(!no->layer.empty());
        CHECK(no->text.find(no->layer) != std::string::npos);
        CHECK(!no->tensors.empty());
        return std::nullopt;
    }
    auto& compiled = std::get<compiler::Compiled>(result);
    CHECK(complaints(compiled.program) == "");
    CHECK(compiled.memory.peak_bytes <= compiled.memory.capacity_bytes);
    CHECK(compiled.memory.peak_bytes >= compiled.memory.lower_bound_bytes);
    return std::move(compiled);
}

/// Largest difference of two outputs relative to the largest value of the tensor; 0 only when all are equal.
template <class A, class B>
double difference(const std::vector<A>& a, const std::vector<B>& b) {
    if (a.size() != b.size()) return INFINITY;
    double largest = 0, apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
        if (std::isnan(x) || std::isnan(y)) return INFINITY;
        largest = std::max(largest, std::abs(y));
        apart = std::max(apart, std::abs(x - y));
    }
    return apart == 0 ? 0 : apart / std::max(largest, 1e-3);
}

inline double difference(const Outputs& a, const Outputs& b) {
    double apart = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        for (std::size_t o = 0; o < a[i].size(); ++o) apart = std::max(apart, difference(a[i][o], b[i].at(o)));
    return apart;
}

/// Runs the Program and compares every output with the reference.
inline void check_equals_reference(const graph::Graph& graph, const program::Program& program, const Data& data,
                                   double tolerance) {
    const Outputs outputs = run(graph, program, data);
    Reference reference(graph, data.constants);
    for (std::size_t image = 0; image < outputs.size(); ++image) {
        const auto expected = reference.run(data.inputs[image]);
        for (std::size_t o = 0; o < expected.size(); ++o)
            CHECK(difference(outputs[image][o], expected[o].values) <= tolerance);
    }
}

/// Compiles in fp32, checks, runs, compares with the reference; gives what was compiled.
inline compiler::Compiled check_computes(const graph::Graph& graph, int batch,
                                         const compiler::CompileOptions& options = {},
                                         const hw::ChipSpec& chip = default_chip()) {
    auto c = checked(graph, chip, batch, options);
    REQUIRE(c.has_value());
    const Data data = make_data(graph, batch, 7, Numbers::real);
    check_equals_reference(graph, c->program, data, 1e-5);
    return std::move(*c);
}

}  // namespace infsim::test
