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

/// A network and what is known of it.
struct Known {
    explicit Known(Network n) : network(std::move(n)) {}
    Network network;
    NetworkCosts costs{network, round_chip(), DType::fp16, {}};
};

/// A convolution of 1 x 1 from 128 to 128 channels over 32 x 32, a maximum of 4 x 4, and `behind` convolutions of 1
/// x 1.
Network pooled(int in_front, int behind) {
    Net net;
    TensorId x = net.input({1, 128, 32, 32});
    for (int l = 0; l < in_front; ++l) x = net.relu(net.conv(x, 128, Window::square(1)));
    x = net.max_pool(x, Window::square(4, 4));
    for (int l = 0; l < behind; ++l) x = net.relu(net.conv(x, 128, Window::square(1)));
    return lower(net.finish({x}), DType::fp16, SlotGeometry{});
}

void check(const Section& s, int first, int last, int images, int stripe_rows) {
    CHECK(s.first == first);
    CHECK(s.last == last);
    CHECK(s.images == images);
    CHECK(s.stripe_rows == stripe_rows);
}

}  // namespace

TEST_CASE("an image takes its planes; at the start of a layer all inputs are there, at its end all outputs") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    REQUIRE(c.end().value() == 3);
    CHECK(c.crossing(LayerId(1), 1) == 2048);
    CHECK(c.crossing(LayerId(1), 3) == 3 * 2048);
    CHECK(c.crossing(LayerId(3), 1) == 0);
    CHECK(c.peak(LayerId(0), LayerId(3), 1) == 2 * 2048);
    CHECK(c.peak(LayerId(1), LayerId(2), 4) == 5 * 2048);
}

TEST_CASE("a layer's time is the PE's: a column a cycle, and stationary loads for every so many banks") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    // One contraction tile, nine taps, two groups of 64 outputs: 18 loads an image. Two tiles of 512, four banks: one
    // round.
    CHECK(c.compute(LayerId(0), 1) == Approx(18 * (32 + 2 * 512) * 1e-9));
    // Eight tiles of four images take two rounds.
    CHECK(c.compute(LayerId(0), 4) == Approx(18 * (2 * 32 + 8 * 512) * 1e-9));
    CHECK(c.weights(LayerId(0)) == Approx(128 * 128 * 9 * 2 / 10e9));
}

TEST_CASE("layers in stripes need their ends, their weights, and two windows of each tensor in between") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    CHECK(c.fuses(LayerId(0), LayerId(3)));
    CHECK(!c.fuses(LayerId(0), LayerId(1)));
    // Four rows of the last layer read six of the one before. Two of these are there from the stripe before, so that
    // the other four are made of six of the first tensor. A row takes 64 bytes; nine taps of 128 outputs take 2,304.
    const StripeCosts kept = c.stripes(LayerId(0), LayerId(3), 4, false);
    CHECK(kept.windows == 2 * (6 + 6) * 64);
    CHECK(kept.weights == 3 * 2304);
    CHECK(kept.peak(1) == 2 * 2048 + kept.windows + kept.weights);
    CHECK(kept.peak(4) == 5 * 2048 + kept.windows + kept.weights);
    // All six are made again of eight.
    CHECK(c.stripes(LayerId(0), LayerId(3), 4, true).windows == 2 * (6 + 8) * 64);
}

TEST_CASE("the time of stripes is that of the rows they make, and of the rows that move to the next window") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    const auto rows = [](int n) { return 18 * (32 + 32 * n) * 1e-9; };  // 18 stationary loads, a tile each
    // The first stripe makes six rows, five and four; six stripes make four of each; the last two, three and four.
    const StripeCosts kept = c.stripes(LayerId(0), LayerId(3), 4, false);
    CHECK(kept.compute == Approx(6 * 3 * rows(4) + rows(6) + rows(5) + rows(4) + rows(2) + rows(3) + rows(4)));
    // Seven times two rows of each of the two tensors.
    const auto& act = round_chip().act;
    CHECK(kept.copies ==
          Approx(7 * 2 * static_cast<double>(2 * 32 + act.overhead.count()) / static_cast<double>(act.clock.count())));
    // Stripes in the middle make eight rows, six and four, those at the ends six, five and four.
    const StripeCosts again = c.stripes(LayerId(0), LayerId(3), 4, true);
    CHECK(again.compute == Approx(6 * (rows(8) + rows(6) + rows(4)) + 2 * (rows(6) + rows(5) + rows(4))));
    CHECK(again.copies == 0);
    // Weights are read for every two images: five in three turns.
    CHECK(c.striped_seconds(LayerId(0), LayerId(3), 2, 5, again) ==
          Approx(std::max(5 * again.compute, 3 * 3 * c.weights(LayerId(0))) +
                 0.1 * std::min(5 * again.compute, 3 * 3 * c.weights(LayerId(0)))));
}

TEST_CASE("stripes cross residual adds: what is added has a window of its own") {
    const Known known(three_convolutions(true));
    const NetworkCosts& c = known.costs;
    CHECK(c.fuses(LayerId(0), LayerId(3)));
    // The same windows: rows that are added lie within those that the convolution reads.
    CHECK(c.stripes(LayerId(0), LayerId(3), 4, false).windows == 2 * (6 + 6) * 64);
}

TEST_CASE("tensors that fit half of the partitions take bytes for every two images") {
    Net net;
    TensorId x = net.input({1, 64, 32, 32});
    for (int l = 0; l < 2; ++l) x = net.relu(net.conv(x, 64, Window::square(1)));
    const Known known(lower(net.finish({x}), DType::fp16, SlotGeometry{}));
    CHECK(known.costs.crossing(LayerId(1), 1) == 2048);
    CHECK(known.costs.crossing(LayerId(1), 2) == 2048);
    CHECK(known.costs.crossing(LayerId(1), 3) == 4096);
}

TEST_CASE("where everything fits there is nothing to propose; where some images do, groups of them all the way") {
    CHECK(section_candidates(Known(three_convolutions(false)).costs, 0, 4, 64 * 1024).empty());
    // Four images need 10,240 bytes, two 6,144, one 4,096.
    const auto list = section_candidates(Known(three_convolutions(false)).costs, 0, 4, 8192);
    REQUIRE(!list.empty());
    REQUIRE(list[0].sections.size() == 1);
    CHECK(list[0].sections[0].images == 2);
    CHECK(list[0].sections[0].stripe_rows == 0);
}

TEST_CASE("layers with large tensors run on few images, those with small ones on all") {
    // 2,048 bytes an image in front of the pool's output, 128 from there on; 256 for the weights of a layer.
    const Known known(pooled(1, 2));
    const NetworkCosts& c = known.costs;
    REQUIRE(c.end().value() == 4);
    // One image takes 4,096 bytes while three outputs of the pool wait, 384, and the weights stay for the other images:
    // 4,736 are within 4,800. In stripes of r rows it takes 2,048 + 128 + 256 and 2 x 4r rows of 64: with those 384,
    // two rows are within 0.85 of it, 4,080, and one is within 0.7, 3,360.
    const auto list = section_candidates(c, 0, 4, 4800);
    REQUIRE(list.size() == 3);
    const std::vector<int> stripes{0, 2, 1};
    for (std::size_t i = 0; i < 3; ++i) {
        REQUIRE(list[i].sections.size() == 2);
        check(list[i].sections[0], 0, 2, 1, stripes[i]);
        check(list[i].sections[1], 2, 4, 4, 0);
    }
    CHECK(list[0].sections[0].weights_for == 4);
}

TEST_CASE("weights stay for the next turn if there is room, else each turn reads them again") {
    const Known known(pooled(1, 2));
    const NetworkCosts& c = known.costs;
    const auto roomy = best_sections(c, 0, 4, 4096 + 384 + 256, {});
    REQUIRE(roomy);
    CHECK(roomy->sections.front() == Section{0, 2, 1, 0, false, 4});
    const auto tight = best_sections(c, 0, 4, 4096 + 384 + 255, {});
    REQUIRE(tight);
    CHECK(tight->sections.front() == Section{0, 2, 1, 2, false, 4});  // in stripes they still stay
    // If they may be evicted, they stay as far as possible, and nobody counts them.
    const auto evicted = best_sections(c, 0, 4, 4096 + 384, {}, Weights::evicted);
    REQUIRE(evicted);
    CHECK(evicted->sections.front() == Section{0, 2, 1, 0, false, 4});
    // Here neither leaves room for nine taps of three layers.
    const Known large(three_convolutions(false));
    const auto again = best_sections(large.costs, 0, 4, 8192, {});
    REQUIRE(again);
    CHECK(again->sections == std::vector<Section>{{0, 3, 2, 0, false, 2}});
}

TEST_CASE("weights that stay for a section's next turn take room while earlier sections run") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    const std::vector<Section> stay{{0, 1, 1, 0, false, 1}, {1, 2, 2, 0, false, 4}, {2, 3, 4, 0, false, 4}};
    CHECK(need_at(c, stay, 4, LayerId(2)) == 5 * 2048);
    CHECK(need_at(c, stay, 4, LayerId(1)) == 3 * 2048 + 2 * 2048 + 2304);
    CHECK(need_at(c, stay, 4, LayerId(0)) == 2 * 2048 + (1 + 2) * 2048 + 2304);
}

TEST_CASE("a layer that is known to need more on so many images runs on fewer, others do not") {
    const Known known(three_convolutions(true));
    const NetworkCosts& c = known.costs;
    CHECK(!best_sections(c, 0, 4, 16384, {}));
    // All of it fits: four images take 10,240. Where the second layer needs 8,000 more for four of them, it takes two.
    const auto list = best_sections(c, 0, 4, 16384, {{{LayerId(1), 4, false}, 8000}});
    REQUIRE(list);
    for (const Section& s : list->sections)
        if (s.first <= 1 && 1 < s.last) CHECK(s.images == 2);
    // On two it is known to need too much, too.
    const auto less = best_sections(c, 0, 4, 16384, {{{LayerId(1), 4, false}, 8000}, {{LayerId(1), 2, false}, 12000}});
    REQUIRE(less);
    for (const Section& s : less->sections)
        if (s.first <= 1 && 1 < s.last) CHECK(s.images == 1);
}

TEST_CASE("sections need what their layer takes, and what waits for the sections behind") {
    const Known known(three_convolutions(false));
    const NetworkCosts& c = known.costs;
    const std::vector<Section> sections{{0, 1, 1}, {1, 2, 2}, {2, 3, 4}};
    CHECK(need_at(c, sections, 4, LayerId(2)) == 5 * 2048);
    CHECK(need_at(c, sections, 4, LayerId(1)) == 3 * 2048 + 2 * 2048);
    CHECK(need_at(c, sections, 4, LayerId(0)) == 2 * 2048 + (1 + 2) * 2048);
    CHECK(need_at(c, {{0, 3, 1, 4}}, 1, LayerId(1)) == c.stripes(LayerId(0), LayerId(3), 4, false).peak(1));
}

TEST_CASE("an image that does not fit layer by layer runs in the tallest stripes that do") {
    const Known known(pooled(2, 0));
    const NetworkCosts& c = known.costs;
    REQUIRE(c.end().value() == 3);
    // Input and output take 2,048 + 128 bytes, weights 512, one row of the output two windows of four rows, twice:
    // 1,024.
    CHECK(c.stripes(LayerId(0), LayerId(3), 1, false).peak(1) == 2048 + 128 + 512 + 1024);
    CHECK(c.stripes(LayerId(0), LayerId(3), 2, false).peak(1) == 2048 + 128 + 512 + 2048);
    const auto list = section_candidates(c, 0, 1, 4000);
    REQUIRE(!list.empty());
    REQUIRE(list[0].sections.size() == 1);
    check(list[0].sections[0], 0, 3, 1, 1);
}

TEST_CASE("where not even stripes fit there is no proposal") {
    CHECK(section_candidates(Known(three_convolutions(false)).costs, 0, 4, 2048).empty());
}

TEST_CASE("sections are the same only if they agree in everything, the rows that stripes share included") {
    const Section a{0, 3, 1, 4, false};
    CHECK(a == Section{0, 3, 1, 4, false});
    for (const Section& other : {Section{1, 3, 1, 4, false}, Section{0, 2, 1, 4, false}, Section{0, 3, 2, 4, false},
                                 Section{0, 3, 1, 8, false}, Section{0, 3, 1, 4, true}})
        CHECK(!(a == other));
}
