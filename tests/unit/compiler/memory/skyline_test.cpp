#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "compiler/memory/skyline.hpp"

using namespace infsim;
using compiler::Skyline;

namespace {

struct Span {
    std::int64_t lo, hi;
    std::int32_t last;
};

/// Tries every byte.
Skyline::Spot tried(const std::vector<Span>& spans, std::int64_t capacity, std::int32_t floor, std::int64_t bytes) {
    Skyline::Spot best;
    for (std::int64_t at = 0; at + bytes <= capacity; ++at) {
        std::int32_t start = floor;
        for (const Span& s : spans)
            if (s.lo < at + bytes && at < s.hi) start = std::max(start, s.last + 1);
        if (start <= best.start) best = {at, start};
    }
    return best;
}

}  // namespace

TEST_CASE("a load gets the place that is free earliest, of several the highest") {
    Skyline sky(100);
    sky.clear(3);
    CHECK(sky.find(10).offset == 90);
    CHECK(sky.find(10).start == 3);
    CHECK(sky.find(101).offset == -1);
    sky.clear(3);
    sky.add(0, 40, 7);
    sky.add(60, 100, 5);
    CHECK(sky.find(20).offset == 40);  // between the two
    CHECK(sky.find(20).start == 3);
    CHECK(sky.find(21).offset == 79);  // the higher one ends first
    CHECK(sky.find(21).start == 6);
    CHECK(sky.find(61).start == 8);
}

TEST_CASE("bytes that several buffers take in turns are taken until the last one is done") {
    Skyline sky(100);
    for (const int round : {1, 2}) {
        sky.clear(0);
        for (const std::int32_t last : {4, 9 + round, 6}) sky.add(0, 90, last);
        sky.add(0, 91, 3);  // not the same bytes
        CHECK(sky.find(9).start == 0);
        CHECK(sky.find(10).start == 4);
        CHECK(sky.find(11).start == 10 + round);
    }
}

TEST_CASE("it is the place that trying every byte finds") {
    RandomStream random(1, "skyline");
    for (int round = 0; round < 2000; ++round) {
        const std::int64_t capacity = random.uniform_int(1, 60);
        const auto floor = static_cast<std::int32_t>(random.uniform_int(0, 10));
        Skyline sky(capacity);
        sky.clear(floor);
        std::vector<Span> spans;
        for (std::int64_t n = random.uniform_int(0, 12); n > 0; --n) {
            const std::int64_t lo = random.uniform_int(0, capacity + 3);
            Span span{lo, lo + random.uniform_int(1, 20), static_cast<std::int32_t>(random.uniform_int(0, 15))};
            if (const auto old = static_cast<std::size_t>(random.uniform_int(0, 12)); old < spans.size()) {
                span.lo = spans[old].lo;
                span.hi = spans[old].hi;
            }
            spans.push_back(span);
            sky.add(spans.back().lo, spans.back().hi, spans.back().last);
        }
        for (std::int64_t bytes = 1; bytes <= capacity + 1; bytes += random.uniform_int(1, 7)) {
            const Skyline::Spot found = sky.find(bytes), expected = tried(spans, capacity, floor, bytes);
            REQUIRE(found.offset == expected.offset);
            REQUIRE(found.start == expected.start);
        }
    }
}
