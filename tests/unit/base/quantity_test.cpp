#include <catch2/catch.hpp>

#include <limits>

#include "base/quantity.hpp"
#include "base/random.hpp"

using namespace infsim;

namespace {
template <class Q>
std::int64_t read(std::string_view text) {
    const auto parsed = parse_quantity<Q>(text);
    INFO(parsed.error);
    REQUIRE(parsed);
    return base_units(*parsed.value);
}
template <class Q>
std::string refused(std::string_view text) {
    const auto parsed = parse_quantity<Q>(text);
    CHECK_FALSE(parsed);
    return parsed.error;
}
}  // namespace

TEST_CASE("Quantities are read exactly") {
    CHECK(read<Frequency>("0.977GHz") == 977'000'000);
    CHECK(read<Frequency>("976.5625MHz") == 976'562'500);
    CHECK(read<Bytes>("96KiB") == 98'304);
    CHECK(read<Bytes>("96.5 KiB") == 98'816);
    CHECK(read<Bytes>("1.000GB") == 1'000'000'000);
    CHECK(read<Bandwidth>("25.6GB/s") == 25'600'000'000);
    CHECK(read<Bandwidth>("16GiB/s") == 17'179'869'184);
    CHECK(read<Duration>("1.3us") == 1'300'000);
    CHECK(read<Duration>("0s") == 0);
    CHECK(read<Duration>("0.1us") == 100'000);  // through a double, 0.1 and 1.3 would need luck
    CHECK(read<Cycles>("128cycles") == 128);
    CHECK(read<Cycles>("1 cycle") == 1);
    CHECK(read<Bytes>("9223372036854775807B") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("What is no quantity is refused with what would be right") {
    CHECK(refused<Bytes>("96") ==
          "'96' is not a size: the unit is missing, one of B kB MB GB TB KiB MiB GiB TiB; "
          "write it like \"96KiB\"");
    CHECK_THAT(refused<Frequency>("25GB/s"), Catch::Contains("unit 'GB/s' is none of Hz kHz MHz GHz"));
    CHECK_THAT(refused<Bandwidth>("25GB"), Catch::Contains("unit 'GB' is none of"));
    CHECK_THAT(refused<Bytes>("96kib"), Catch::Contains("unit 'kib' is none of"));
    CHECK_THAT(refused<Bytes>("0.1KiB"), Catch::Contains("it is not a whole number of bytes"));
    CHECK_THAT(refused<Duration>("0.5ps"), Catch::Contains("it is not a whole number of picoseconds"));
    CHECK_THAT(refused<Duration>("-1us"), Catch::Contains("it is negative"));
    CHECK_THAT(refused<Bytes>("9223372036854775808B"), Catch::Contains("it is more than 9223372036854775807 bytes"));
    CHECK_THAT(refused<Bytes>("99999999999TiB"), Catch::Contains("it is more than"));
    CHECK_THAT(refused<Duration>("1e3ns"), Catch::Contains("unit 'e3ns'"));
    for (const char* text : {"", "KiB", ".", " 1KiB", "1..5KiB", "1  KiB", "1KiB ", "0x10B", "1,5KiB", "nanB",
                             "1111111111111111111111111KiB", "0.0000000000000000000000001s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_quantity<Bytes>(text));
        CHECK_FALSE(parse_quantity<Duration>(text));
    }
}

TEST_CASE("Quantities print in the shortest exact text") {
    CHECK(to_text(Bytes{98'304}) == "96KiB");
    CHECK(to_text(Bytes{100'352}) == "98KiB");
    CHECK(to_text(Bytes{1000}) == "1kB");
    CHECK(to_text(Bytes{0}) == "0B");
    CHECK(to_text(Bytes{-2048}) == "-2KiB");
    CHECK(to_text(Bandwidth{25'600'000'000}) == "25.6GB/s");
    CHECK(to_text(Frequency{976'562'500}) == "976.5625MHz");
    CHECK(to_text(microseconds(1)) == "1us");
    CHECK(to_text(picoseconds(1'300'000)) == "1.3us");
    CHECK(to_text(Cycles{1}) == "1cycle");
}

TEST_CASE("Printed quantities read back the same") {
    RandomStream random(1, "quantity round trip");
    for (int i = 0; i < 2000; ++i) {
        const std::int64_t n =
            random.uniform_int(0, std::numeric_limits<std::int64_t>::max()) >> random.uniform_int(0, 62);
        CAPTURE(n);
        CHECK(read<Bytes>(to_text(Bytes{n})) == n);
        CHECK(read<Bandwidth>(to_text(Bandwidth{n})) == n);
        CHECK(read<Frequency>(to_text(Frequency{n})) == n);
        CHECK(read<Duration>(to_text(Duration{n})) == n);
        CHECK(read<Cycles>(to_text(Cycles{n})) == n);
    }
}

TEST_CASE("Bytes over bandwidth and cycles over frequency round up once") {
    CHECK(Bytes{1} / Bandwidth{3'000'000'000'000} == picoseconds(1));
    CHECK(Bytes{51'200} / Bandwidth{25'600'000'000} == microseconds(2));
    CHECK(Cycles{1} / Frequency{976'562'500} == picoseconds(1024));
    CHECK(Cycles{1} / Frequency{977'000'000} == picoseconds(1024));
    // A period rounded to 1024 ps would be 541 ns off after a million cycles; the whole is rounded once.
    CHECK(Cycles{1'000'000} / Frequency{977'000'000} == picoseconds(1'023'541'454));
}

TEST_CASE("A number and its unit are told apart whatever the unit") {
    const auto check = [](const char* text, double number, const char* unit) {
        const auto amount = parse_amount(text);
        REQUIRE(amount);
        CHECK(amount->number == number);
        CHECK(amount->unit == unit);
    };
    check("21.4GB/s", 21.4, "GB/s");
    check("156 cycles", 156, "cycles");
    check("0.874", 0.874, "");
    check("-3ns", -3, "ns");
    for (const char* text : {"", "GB/s", "nanGB/s", "infGB/s", "1e999GB/s"}) CHECK_FALSE(parse_amount(text));
}
