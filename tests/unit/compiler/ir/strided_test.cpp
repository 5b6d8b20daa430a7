// Walks over tensors in device DRAM against element-by-element index arithmetic.
#include <catch2/catch.hpp>

#include <numeric>

#include "compiler/ir/strided.hpp"

using namespace infsim;
using compiler::Strided;
using graph::Shape;

namespace {

Strided plain(const Shape& shape) { return {Strided::Source::scratch, 0, 0, compiler::row_major_axes(shape)}; }

/// Flat positions of all elements, row-major over the axes of the walk.
std::vector<std::int64_t> positions(const Strided& s) {
    std::vector<std::int64_t> all = {s.offset};
    for (const auto& axis : s.axes)
        for (const auto& f : axis) {
            std::vector<std::int64_t> next;
            for (const std::int64_t p : all)
                for (std::int64_t i = 0; i < f.extent; ++i) next.push_back(p + i * f.stride);
            all = std::move(next);
        }
    return all;
}

std::vector<std::int64_t> counted(std::int64_t n) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(n));
    std::iota(list.begin(), list.end(), 0);
    return list;
}

}  // namespace

TEST_CASE("a reshape of a row-major tensor is always a walk") {
    const Strided s = plain({4, 6, 5});
    for (const Shape& shape :
         {Shape{120}, Shape{2, 60}, Shape{24, 5}, Shape{1, 4, 2, 15, 1}, Shape{5, 24}, Shape{3, 8, 5}}) {
        const auto r = compiler::reshape(s, shape);
        REQUIRE(r);
        CHECK(compiler::shape_of(*r) == shape);
        CHECK(positions(*r) == counted(120));
    }
}

TEST_CASE("a reshape of a transposed tensor keeps its order or is refused") {
    const Strided t = compiler::transpose(plain({4, 6}), {1, 0});
    const auto split = compiler::reshape(t, {3, 2, 2, 2});
    REQUIRE(split);
    CHECK(positions(*split) == positions(t));
    const auto flat = compiler::reshape(t, {24});
    REQUIRE(flat);
    CHECK(flat->axes[0].size() == 2);
    CHECK(positions(*flat) == positions(t));
    CHECK_FALSE(compiler::reshape(t, {4, 6}));  // boundaries cross: 6 x 4 is not 4 x 6
    CHECK_FALSE(compiler::reshape(plain({6}), {7}));
}

TEST_CASE("slices step, turn round and repeat") {
    const Strided s = plain({3, 10});
    CHECK(positions(*compiler::slice(s, 1, 2, 3, 3)) == std::vector<std::int64_t>{2, 5, 8, 12, 15, 18, 22, 25, 28});
    CHECK(positions(*compiler::slice(s, 1, 9, 2, -4)) == std::vector<std::int64_t>{9, 5, 19, 15, 29, 25});
    CHECK(positions(*compiler::slice(s, 0, 1, 2, 0)) ==
          positions(compiler::expand(*compiler::slice(s, 0, 1, 1, 1), {2, 10})));
    CHECK_FALSE(compiler::slice(compiler::tile(s, {1, 2}), 1, 1, 5, 1));  // would tear the repetition apart
}

TEST_CASE("broadcast, tiles and repeated elements do as numpy does") {
    CHECK(positions(compiler::expand(plain({2, 1}), {2, 2, 3})) ==
          std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1});
    CHECK(positions(compiler::tile(plain({3}), {2})) == std::vector<std::int64_t>{0, 1, 2, 0, 1, 2});
    CHECK(positions(compiler::repeat_elements(plain({3}), 0, 2)) == std::vector<std::int64_t>{0, 0, 1, 1, 2, 2});
}
