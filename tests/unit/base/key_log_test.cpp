#include <catch2/catch.hpp>

#include "base/json_reader.hpp"

namespace infsim::json {

TEST_CASE("a log has what a reader asks of each key") {
    Problems problems;
    const auto document = parse_text(
        R"({"n": 1, "x": 0.5, "word": "a", "list": [1], "in": {"size": "1KiB"}, "flag": true, "maybe": "t"})", "t",
        problems);
    KeyLog log;
    ObjectReader reader(Cursor(*document, problems, &log));
    reader.integer("n", 1, 64);
    reader.number_or("x", 2.5, 0);
    reader.choice_or("word", "a", {"a", "b"});
    reader.boolean_or("flag", true);
    if (reader.has("maybe")) reader.string("maybe");
    for (const Cursor& element : reader.array("list")) element.integer(0, 9);
    ObjectReader inner(*reader.required("in"));
    inner.quantity<Bytes>("size", Range<Bytes>{Bytes{0}, Bytes{1024}});
    reader.integer_or("absent", 7);
    CHECK(problems.empty());

    const auto text = [&](const std::string& pointer) {
        const AskedKey& key = log.at(pointer);
        return key.type + "|" + key.range + "|" + key.otherwise.value_or("-") + (key.required ? "|required" : "");
    };
    CHECK(text("/n") == "integer|1 to 64|-|required");
    CHECK(text("/x") == "number|at least 0|2.5");
    CHECK(text("/word") == "word|a, b|\"a\"");
    CHECK(text("/flag") == "boolean||true");
    CHECK(text("/maybe") == "text||-");
    CHECK(text("/list") == "list||-|required");
    CHECK(text("/list/0") == "integer|0 to 9|-");
    CHECK(text("/in") == "object||-|required");
    CHECK(text("/in/size") == "size|0B to 1KiB|-|required");
    CHECK(text("/absent") == "||7");
}

TEST_CASE("without a log nothing is noted and nothing else changes") {
    Problems problems;
    const auto document = parse_text(R"({"n": 1})", "t", problems);
    ObjectReader reader(Cursor(*document, problems));
    CHECK(reader.integer("n") == 1);
    CHECK(reader.cursor().log() == nullptr);
}

}  // namespace infsim::json
