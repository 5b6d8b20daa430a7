#include <catch2/catch.hpp>

#include "base/check.hpp"
#include "base/json.hpp"
#include "base/json_reader.hpp"
#include "support/source_folder.hpp"

using namespace infsim;

namespace {
json::Value parsed(std::string_view text) {
    Problems problems;
    const auto document = json::parse_text(text, "t.json", problems);
    problems.throw_if_any();
    return document->root;
}

/// The report that parsing `text` gives.
std::string complaints(std::string_view text) {
    Problems problems;
    json::parse_text(text, "t.json", problems);
    return problems.empty() ? "" : InputError(problems.list()).what();
}
}  // namespace

TEST_CASE("JSON text becomes values of the kind it was written as") {
    const json::Value root = parsed(R"({"i": -3, "d": 2.5, "s": "a\"b", "n": null, "b": true, "a": [1, [2]]})");
    const json::Object& object = root.as_object();
    CHECK(object.find("i")->as_int() == -3);
    CHECK_FALSE(object.find("d")->is_int());
    CHECK(object.find("d")->as_number() == 2.5);
    CHECK(object.find("s")->as_string() == "a\"b");
    CHECK(object.find("n")->is_null());
    CHECK(object.find("b")->as_bool());
    CHECK(object.find("a")->as_array()[1].as_array()[0].as_int() == 2);
    CHECK(object.find("absent") == nullptr);
}

TEST_CASE("Asking a value for another kind is a bug") {
    CHECK_THROWS_AS(json::Value("text").as_int(), InternalError);
    CHECK_THROWS_AS(json::Value(1.5).as_int(), InternalError);
    CHECK(json::Value(3).as_number() == 3.0);
}

TEST_CASE("Syntax errors say line and column") {
    CHECK_THAT(complaints("{\n  \"a\": 1,\n  \"b\" 2\n}"), Catch::StartsWith("t.json: line 3, column 7: "));
    CHECK_THAT(complaints("{} x"), Catch::StartsWith("t.json: line 1, column 4: "));
    CHECK_THAT(complaints(""), Catch::StartsWith("t.json: line 1, column 1: "));
    CHECK_THAT(complaints("[1, 2"), Catch::StartsWith("t.json: line 1, column 6: "));
    CHECK_THAT(complaints("[1e999]"), Catch::Contains("t.json: line 1"));
    CHECK_THAT(complaints("[\"\xff\"]"), Catch::Contains("UTF-8"));
    CHECK_THAT(complaints("[1,]"), Catch::StartsWith("t.json: line 1, column 4: "));
}

TEST_CASE("Nesting is bounded") {
    CHECK_THAT(complaints(std::string(100'000, '[')), Catch::Contains("nested deeper than 200 levels"));
    CHECK(complaints(std::string(200, '[') + std::string(200, ']')).empty());
}

TEST_CASE("A duplicate key is a problem with its pointer and the first stays") {
    Problems problems;
    const auto document =
        json::parse_text(R"({"a": [{"x": 1}, {"y/z": 2, "y/z": 3}], "b": 1, "b": {"c": 2}})", "t.json", problems);
    REQUIRE(document);
    REQUIRE(problems.list().size() == 2);
    CHECK(to_text(problems.list()[0]) == "t.json: /a/1/y~1z: duplicate key 'y/z'");
    CHECK(to_text(problems.list()[1]) == "t.json: /b: duplicate key 'b'");
    CHECK(document->root.as_object().find("b")->as_int() == 1);
}

TEST_CASE("A file that cannot be read is a problem") {
    Problems problems;
    CHECK_FALSE(json::parse_file("no/such/file.json", problems));
    CHECK_FALSE(json::parse_file(source_folder(), problems));
    REQUIRE(problems.list().size() == 2);
    CHECK(to_text(problems.list()[0]) == "no/such/file.json: cannot be read: No such file or directory");
    CHECK(problems.list()[1].what == "is a folder, not a file");
}

TEST_CASE("Dumped text reads back as the same value") {
    const json::Value value = parsed(
        R"({"z": [], "a": {}, "s": "tab\t \u0001 \u00e9 \\", "x": [0.1, 1e300, -0.5, 9007199254740993, true,
            null]})");
    CHECK(parsed(json::dump(value)) == value);
    CHECK(parsed(json::dump(value, 0)) == value);
    CHECK(parsed(json::dump_canonical(value)) == value);
    CHECK(json::dump(json::Object{{"b", 1}, {"a", json::Array{1, 2}}}) ==
          "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    2\n  ]\n}");
    CHECK(json::dump(json::Object{{"b", 1}, {"a", "x"}}, 0) == R"({"b": 1, "a": "x"})");
}

TEST_CASE("Canonical text depends on meaning only") {
    const std::string text = json::dump_canonical(parsed(R"({"b": 2.0, "a": {"y": 1, "x": 0.1}})"));
    CHECK(text == R"({"a":{"x":0.1,"y":1},"b":2})");
    CHECK(json::dump_canonical(parsed(R"({"a": {"x": 1e-1, "y": 1.0}, "b": 2})")) == text);
    CHECK(json::dump_canonical(json::Value(1e22)) == "1e+22");
    CHECK_THROWS_AS(json::dump_canonical(json::Value(1.0 / 0.0 * 0.0)), InternalError);
}

TEST_CASE("Objects keep their order and replace in place") {
    json::Object object{{"b", 1}, {"a", 2}};
    object.set("b", 3);
    object.set("c", 4);
    REQUIRE(object.size() == 3);
    CHECK(object.members()[0].second.as_int() == 3);
    CHECK(object.members()[2].first == "c");
    CHECK(object == json::Object{{"a", 2}, {"c", 4}, {"b", 3}});
    CHECK_FALSE(object == json::Object{{"a", 2}, {"c", 5}, {"b", 3}});
}

TEST_CASE("Command-line values are JSON where they can be and text otherwise") {
    CHECK(json::from_argument("4") == json::Value(4));
    CHECK(json::from_argument("0.5") == json::Value(0.5));
    CHECK(json::from_argument("true") == json::Value(true));
    CHECK(json::from_argument(R"({"value": 4})").as_object().find("value")->as_int() == 4);
    CHECK(json::from_argument("128KiB") == json::Value("128KiB"));
    CHECK(json::from_argument("fp16") == json::Value("fp16"));
    CHECK(json::from_argument("") == json::Value(""));
    CHECK(json::from_argument(R"({"a": 1, "a": 2})").is_string());
}
