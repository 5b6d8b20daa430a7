// What the search over sections knows of a network, and the sections it comes up with, on a network small enough for
// paper.
#include <catch2/catch.hpp>

#include <vector>

#include "compiler/search/sections.hpp"
#include "support/lowered.hpp"
#include "support/program_builder.hpp"

using namespace infsim;
using namespace infsim::compiler;
using namespace infsim::test;

namespace {

NetworkCosts costs(const Network& network) { return NetworkCosts(network, round_chip(), DType::fp16, {}); }

void check(const Section& s, int first, int last, int images, int stripe_rows) {
    CHECK(s.first == first);
    CHECK(s.last == last);
    CHECK(s.images == images);
    CHECK(s.stripe_rows == stripe_rows);
}

}  // namespace

TEST_CASE("an image takes its planes; at the start of a layer all inputs are there, at its end all outputs") {
    const NetworkCosts c = costs(three_convolutions(false));
    REQUIRE(c.end().value() == 3);
    CHECK(c.crossing(LayerId(1)) == 2048);
    CHECK(c.crossing(LayerId(3)) == 0);
    CHECK(c.peak(LayerId(0), LayerId(3), 1) == 2 * 2048);
    CHECK(c.peak(LayerId(1), LayerId(2), 4) == 5 * 2048);
}

TEST_CASE("a layer's time is the PE's: a column a cycle, and stationary loads for every so many banks") {
    const NetworkCosts c = costs(three_convolutions(false));
    // One contraction tile, nine taps, two groups of 64 outputs: 18 loads an image. Two tiles of 512, four banks: one
    // round.
    CHECK(c.compute(LayerId(0), 1) == Approx(18 * (32 + 2 * 512) * 1e-9));
    // Eight tiles of four images take two rounds.
    CHECK(c.compute(LayerId(0), 4) == Approx(18 * (2 * 32 + 8 * 512) * 1e-9));
    CHECK(c.weights(LayerId(0)) == Approx(128 * 128 * 9 * 2 / 10e9));
}

TEST_CASE("a chain in stripes needs its ends and two windows of each tensor in between") {
    const NetworkCosts c = costs(three_convolutions(false));
    CHECK(c.chain(LayerId(0), LayerId(3)));
    CHECK(!c.chain(LayerId(0), LayerId(1)));
    // Four rows of the last layer read six of the one before, which read eight: of 64 bytes each.
    CHECK(c.striped_peak(LayerId(0), LayerId(3), 1, 4) == 2 * 2048 + 2 * (6 + 8) * 64);
    CHECK(c.striped_peak(LayerId(0), LayerId(3), 4, 4) == 5 * 2048 + 2 * (6 + 8) * 64);
    // Stripes of four rows share two rows of the second tensor and four of the first, in eight stripes of 32 elements a
    // row.
    CHECK(c.halo(LayerId(0), LayerId(3), 4).first == Approx(8 * (2 + 4) * 32 * 1e-9));
    CHECK(c.halo(LayerId(0), LayerId(3), 4).second ==
          Approx(c.compute(LayerId(1), 1) * 2 / 4 + c.compute(LayerId(0), 1) * 4 / 4));
}

TEST_CASE("where everything fits there is nothing to propose; where some images do, groups of them all the way") {
    CHECK(section_candidates(costs(three_convolutions(false)), 0, 4, 64 * 1024).empty());
    // Four images need 10,240 bytes, two 6,144, one 4,096.
    const auto list = section_candidates(costs(three_convolutions(false)), 0, 4, 8192);
    REQUIRE(!list.empty());
    REQUIRE(list[0].sections.size() == 1);
    CHECK(list[0].sections[0].images == 2);
    CHECK(list[0].sections[0].stripe_rows == 0);
}

TEST_CASE("layers with large tensors run on few images, those with small ones on all") {
    // conv - pool by four - conv - conv: 2,048 bytes an image in front of the pool's output, 128 from there on.
    Net net;
    TensorId x = net.max_pool(net.relu(net.conv(net.input({1, 128, 32, 32}), 128, Window::square(3, 1, 1))),
                              Window::square(4, 4));
    for (int l = 0; l < 2; ++l) x = net.relu(net.conv(x, 128, Window::square(3, 1, 1)));
    const NetworkCosts c = costs(lower(net.finish({x}), DType::fp16, SlotGeometry{}));
    REQUIRE(c.end().value() == 4);
    // One image takes 4,096 bytes while three outputs of the pool wait, 384: that is within 4,900. In stripes of r rows
    // it takes 2,048 + 128 + 2 x 4r rows of 64: with those 384, two rows are within 0.85 of it, 4,165, and one is
    // within 0.7, 3,430.
    const auto list = section_candidates(c, 0, 4, 4900);
    REQUIRE(list.size() == 3);
    const std::vector<int> stripes{0, 2, 1};
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(list[i].sections.size() == 2);
        check(list[i].sections[0], 0, 2, 1, stripes[i]);
        check(list[i].sections[1], 2, 4, 4, 0);
    }
}

TEST_CASE("a layer that is known to need more on so many images runs on fewer, others do not") {
    const NetworkCosts c = costs(three_convolutions(true));
    CHECK(!best_sections(c, 0, 4, 16384, {}));
    // All of it fits: four images take 10,240. Where the second layer needs 8,000 more for four of them, it takes two.
    const auto list = best_sections(c, 0, 4, 16384, {{{LayerId(1), 4}, 8000}});
    REQUIRE(list);
    for (const Section& s : list->sections)
        if (s.first <= 1 && 1 < s.last) CHECK(s.images == 2);
    // On two it is known to need too much, too.
    const auto less = best_sections(c, 0, 4, 16384, {{{LayerId(1), 4}, 8000}, {{LayerId(1), 2}, 12000}});
    REQUIRE(less);
    for (const Section& s : less->sections)
        if (s.first <= 1 && 1 < s.last) CHECK(s.images == 1);
}

TEST_CASE("sections need what their layer takes, and what waits for the sections behind") {
    const NetworkCosts c = costs(three_convolutions(false));
    const std::vector<Section> sections{{0, 1, 1}, {1, 2, 2}, {2, 3, 4}};
    CHECK(need_at(c, sections, 4, LayerId(2)) == 5 * 2048);
    CHECK(need_at(c, sections, 4, LayerId(1)) == 3 * 2048 + 2 * 2048);
    CHECK(need_at(c, sections, 4, LayerId(0)) == 2 * 2048 + (1 + 2) * 2048);
    CHECK(need_at(c, {{0, 3, 1, 4}}, 1, LayerId(1)) == c.striped_peak(LayerId(0), LayerId(3), 1, 4));
}

TEST_CASE("an image that does not fit layer by layer runs in the tallest stripes that do") {
    // conv - conv - pool by four: input and output take 2,048 + 128 bytes, one image layer by layer 4,096.
    Net net;
    TensorId x = net.input({1, 128, 32, 32});
    for (int l = 0; l < 2; ++l) x = net.relu(net.conv(x, 128, Window::square(3, 1, 1)));
    const NetworkCosts c =
        costs(lower(net.finish({net.max_pool(x, Window::square(4, 4))}), DType::fp16, SlotGeometry{}));
    REQUIRE(c.end().value() == 3);
    // One row of the output takes windows of four and of six rows, twice: 1,280 bytes; two rows 8 and 10: 2,304.
    CHECK(c.striped_peak(LayerId(0), LayerId(3), 1, 1) == 2048 + 128 + 1280);
    CHECK(c.striped_peak(LayerId(0), LayerId(3), 1, 2) == 2048 + 128 + 2304);
    const auto list = section_candidates(c, 0, 1, 4000);
    REQUIRE(!list.empty());
    REQUIRE(list[0].sections.size() == 1);
    check(list[0].sections[0], 0, 3, 1, 1);
    CHECK(list[0].sections[0].recompute_halo ==
          (c.halo(LayerId(0), LayerId(3), 1).second < c.halo(LayerId(0), LayerId(3), 1).first));
}

TEST_CASE("where not even stripes fit there is no proposal") {
    CHECK(section_candidates(costs(three_convolutions(false)), 0, 4, 2048).empty());
}

TEST_CASE("sections are the same only if they agree in everything, the rows that stripes share included") {
    const Section a{0, 3, 1, 4, false};
    CHECK(a == Section{0, 3, 1, 4, false});
    for (const Section& other : {Section{1, 3, 1, 4, false}, Section{0, 2, 1, 4, false}, Section{0, 3, 2, 4, false},
                                 Section{0, 3, 1, 8, false}, Section{0, 3, 1, 4, true}})
        CHECK(!(a == other));
}
