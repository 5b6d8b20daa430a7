// Reshapes and transposes that move nothing, and those that would have to.
#include <catch2/catch.hpp>

#include "compiler/ir/views.hpp"

using namespace infsim;
using namespace infsim::compiler;
using graph::Shape;

namespace {

/// Tokens x hidden with hidden on partitions.
View tokens(std::int64_t length, std::int64_t hidden, const Physical& phys) {
    return {ValueId(0), 0, phys.slots(), {{}, {{Dim::col, length}}, {{Dim::channel, hidden}}}};
}

View image(const Physical& phys) {
    View v{ValueId(0), 0, phys.slots(), {{}, {{Dim::channel, phys.channels()}}, {}, {}}};
    if (phys.rows > 1) v.axes[2] = {{Dim::row, phys.rows}};  // an axis of extent 1 has no factors
    if (phys.cols > 1) v.axes[3] = {{Dim::col, phys.cols}};
    return v;
}

}  // namespace

TEST_CASE("channels split into slots of at most the width, all full but the last") {
    CHECK(split_channels(64, 64) == std::vector<int>{64});
    CHECK(split_channels(65, 64) == std::vector<int>{64, 1});
    CHECK(split_channels(200, 64) == std::vector<int>{64, 64, 64, 8});
    CHECK(split_channels(3, 64) == std::vector<int>{3});
}

TEST_CASE("hidden splits into heads when a head is a whole number of slots, and comes back") {
    const Physical phys{{64, 64, 64, 64}, 1, 10};
    const View v = tokens(10, 256, phys);
    const auto heads = reshape(v, phys, {1, 10, 2, 128});
    REQUIRE(heads.has_value());
    CHECK(shape_of(*heads) == Shape{1, 10, 2, 128});
    const View turned = transpose(*heads, {0, 2, 1, 3});
    CHECK(shape_of(turned) == Shape{1, 2, 10, 128});
    const auto back = reshape(transpose(turned, {0, 2, 1, 3}), phys, {1, 10, 256});
    REQUIRE(back.has_value());
    CHECK(back->axes[2] == v.axes[2]);
    CHECK(is_tokens(*back));
}

TEST_CASE("a reshape that would move data between partitions is none") {
    const Physical even{{64, 64}, 1, 10}, uneven{{64, 64, 2}, 1, 10};
    CHECK(!reshape(tokens(10, 130, uneven), uneven, {1, 10, 2, 65}));  // heads of 65 channels cross slots
    CHECK(!reshape(tokens(10, 128, even), even, {1, 10, 4, 32}));      // heads of half a slot
    CHECK(!reshape(tokens(10, 128, even), even, {1, 7, 128}));         // another number of elements
    CHECK(!reshape(tokens(10, 128, even), even, {1, 128, 20}));
}

TEST_CASE("unit axes come and go, and a plane flattens") {
    const Physical phys{{64, 3}, 4, 5};
    const auto flat = reshape(image(phys), phys, {1, 67, 20});
    REQUIRE(flat.has_value());
    CHECK(shape_of(*flat) == Shape{1, 67, 20});
    const auto again = reshape(*flat, phys, {1, 67, 4, 5});
    REQUIRE(again.has_value());
    CHECK(is_image(*again));
    const Physical one{{64, 3}, 1, 1};
    const auto vector = reshape(image(one), one, {1, 67});
    REQUIRE(vector.has_value());
    CHECK(is_tokens(*vector));
}

TEST_CASE("the row-major order of an image and of tokens") {
    const Physical phys{{64, 64, 2}, 4, 5};
    const RowMajor i = row_major(image(phys), phys);
    CHECK(i.slot == std::vector<std::int64_t>{0, 64 * 20, 128 * 20});
    CHECK(i.lane == 20);
    CHECK(i.row == 5);
    CHECK(i.col == 1);
    const Physical line{{64, 64, 2}, 1, 7};
    const RowMajor t = row_major(tokens(7, 130, line), line);
    CHECK(t.slot == std::vector<std::int64_t>{0, 64, 128});
    CHECK(t.lane == 1);
    CHECK(t.col == 130);
}

TEST_CASE("an image with its axes turned is no image any more") {
    const Physical phys{{48}, 4, 5};
    CHECK(is_image(image(phys)));
    CHECK(!is_image(transpose(image(phys), {0, 2, 3, 1})));
    CHECK(!is_tokens(image(phys)));
    CHECK(first_channel(Physical{{64, 64, 2}, 1, 1}, 2) == 128);
}
