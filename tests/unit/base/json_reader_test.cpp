#include <catch2/catch.hpp>

#include "base/json_reader.hpp"

using namespace infsim;

namespace {
/// Parses `text`, hands a reader of its root to `read`, and returns all problems, one a line.
template <class Read>
std::string report(std::string_view text, Read read) {
    Problems problems;
    const auto document = json::parse_text(text, "t.json", problems);
    REQUIRE(document);
    json::ObjectReader reader(json::Cursor(*document, problems));
    read(reader);
    reader.finish();
    return problems.empty() ? "" : InputError(problems.list()).what();
}
}  // namespace

TEST_CASE("A reader gives what is there and reports nothing") {
    const auto text = R"({"s": "x", "i": 4, "n": 0.5, "b": true, "q": "96KiB", "a": [1, 2], "o": {"k": 1}})";
    CHECK(report(text, [](json::ObjectReader& r) {
              CHECK(r.string("s") == "x");
              CHECK(r.integer("i", 1, 4) == 4);
              CHECK(r.number("n", 0, 1) == 0.5);
              CHECK(r.number("i") == 4.0);
              CHECK(r.boolean("b"));
              CHECK(r.quantity<Bytes>("q") == Bytes{98304});
              const auto elements = r.array("a");
              REQUIRE(elements.size() == 2);
              CHECK(elements[1].integer(0, 9) == 2);
              json::ObjectReader inner(*r.required("o"));
              CHECK(inner.integer("k") == 1);
              inner.finish();
              CHECK(r.integer_or("absent", 7) == 7);
              CHECK(r.string_or("absent", "d") == "d");
              CHECK(r.quantity_or("absent", Bytes{5}) == Bytes{5});
              CHECK(r.boolean_or("absent", true));
              CHECK(r.number_or("absent", 1.5) == 1.5);
              CHECK(r.array_or_empty("absent").empty());
              CHECK(r.choice_or("absent", "on", {"on", "off"}) == "on");
          }) == "");
}

TEST_CASE("All problems of an object come in one report, each with its pointer") {
    const auto text =
        R"({"cores": 10000, "clok": "1GHz", "size": "96 parsec", "rate": 3, "deep": [{"x": "y"}],
                          "mode": "offf", "share": 1.5})";
    CHECK(report(text,
                 [](json::ObjectReader& r) {
                     CHECK(r.integer("cores", 1, 64) == 0);
                     CHECK(r.quantity<Frequency>("clock") == Frequency{0});
                     CHECK(r.quantity<Bytes>("size") == Bytes{0});
                     CHECK(r.quantity<Bandwidth>("rate") == Bandwidth{0});
                     json::ObjectReader inner(r.array("deep").at(0));
                     CHECK(inner.integer("x") == 0);
                     inner.finish();
                     CHECK(r.choice("mode", {"on", "off"}).empty());
                     CHECK(r.number("share", 0, 1) == 0.0);
                 }) ==
          "t.json: /cores: must be from 1 to 64, and is 10000\n"
          "t.json: /: key 'clock' is missing\n"
          "t.json: /size: '96 parsec' is not a size: unit 'parsec' is none of B kB MB GB TB KiB MiB GiB TiB; "
          "write it like \"96KiB\"\n"
          "t.json: /rate: must be text with a unit, such as \"1B/s\", and is an integer\n"
          "t.json: /deep/0/x: must be an integer, and is a string\n"
          "t.json: /mode: 'offf' is not allowed; did you mean 'off'?\n"
          "t.json: /share: must be from 0 to 1, and is 1.5\n"
          "t.json: /clok: unknown key 'clok'; did you mean 'clock'?");
}

TEST_CASE("Wrong kinds are named") {
    CHECK(report(R"({"s": 1, "b": "true", "n": "1", "a": {}, "o": [], "i": 1.5})",
                 [](json::ObjectReader& r) {
                     r.string("s");
                     r.boolean("b");
                     r.number("n");
                     r.array("a");
                     json::ObjectReader inner(*r.required("o"));
                     CHECK(inner.integer("never") == 0);  // silent: the object itself was reported
                     inner.finish();
                     r.integer("i");
                 }) ==
          "t.json: /s: must be a string, and is an integer\n"
          "t.json: /b: must be true or false, and is a string\n"
          "t.json: /n: must be a number, and is a string\n"
          "t.json: /a: must be an array, and is an object\n"
          "t.json: /o: must be an object, and is an array\n"
          "t.json: /i: must be an integer, and is a number");
}

TEST_CASE("An unknown key without a likely meaning lists the known ones") {
    CHECK(report(R"({"zzz": 1})", [](json::ObjectReader& r) {
              r.integer_or("alpha", 0);
              r.integer_or("beta", 0);
          }) == "t.json: /zzz: unknown key 'zzz'; known are alpha, beta");
}

TEST_CASE("An integer beyond 64 bits is refused instead of wrapped") {
    CHECK(report(R"({"i": 9223372036854775808})", [](json::ObjectReader& r) { r.integer("i"); }) ==
          "t.json: /i: must be an integer, and is a number");
}

TEST_CASE("Quantity bounds are inclusive and reported with units") {
    const json::Range<Bytes> range{Bytes{1024}, Bytes{2048}};
    const auto text = R"({"low": "1KiB", "high": "2KiB", "under": "1023B", "over": "2049B"})";
    CHECK(report(text,
                 [&](json::ObjectReader& r) {
                     CHECK(r.quantity<Bytes>("low", range) == Bytes{1024});
                     CHECK(r.quantity<Bytes>("high", range) == Bytes{2048});
                     r.quantity<Bytes>("under", range);
                     r.quantity<Bytes>("over", range);
                 }) ==
          "t.json: /under: must be from 1KiB to 2KiB, and is 1023B\n"
          "t.json: /over: must be from 1KiB to 2KiB, and is 2049B");
}
