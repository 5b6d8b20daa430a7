#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "base/text.hpp"

using namespace infsim;

TEST_CASE("Numbers print as the shortest text that reads back") {
    CHECK(number_text(0.1) == "0.1");
    CHECK(number_text(1e300) == "1e+300");
    CHECK(number_text(2.0) == "2");
    CHECK(number_text(std::int64_t{-5}) == "-5");
}

TEST_CASE("Text is split, trimmed and joined") {
    CHECK(split("a.b..c", '.') == std::vector<std::string>{"a", "b", "", "c"});
    CHECK(split("", '.') == std::vector<std::string>{""});
    CHECK(trim("  a b\n") == "a b");
    CHECK(trim(" \t").empty());
    CHECK(join({"a", "b"}, ", ") == "a, b");
    CHECK(join({}, ", ").empty());
}

TEST_CASE("Edit distance counts single changes") {
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("A misspelt name suggests what it resembles and nothing else") {
    const std::vector<std::string> names{"bandwidth", "batch", "bank"};
    CHECK(closest("bandwith", names) == "bandwidth");
    CHECK(closest("bach", names) == "batch");
    CHECK_FALSE(closest("throughput", names));
    CHECK(suggestion("bach", names) == "; did you mean 'batch'?");
    CHECK(suggestion("zebra", names) == "; known are bandwidth, batch, bank");
    CHECK(suggestion("zebra", {}) == "; none is known here");
}

TEST_CASE("Offsets become lines and columns") {
    CHECK(line_and_column("ab\ncd", 0).line == 1);
    CHECK(line_and_column("ab\ncd", 4).line == 2);
    CHECK(line_and_column("ab\ncd", 4).column == 2);
    CHECK(line_and_column("ab", 99).column == 3);
}

TEST_CASE("Files are written whole under their name and leave nothing else behind") {
    namespace fs = std::filesystem;
    const fs::path folder = fs::current_path() / "text_test_files";
    fs::remove_all(folder);
    fs::create_directory(folder);
    const std::string path = (folder / "out.txt").string();
    write_file_atomic(path, "first");
    write_file_atomic(path, std::string("sec\0ond", 7));
    Problems problems;
    CHECK(read_file(path, problems) == std::string("sec\0ond", 7));
    CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
    CHECK_THROWS_AS(write_file_atomic((folder / "absent" / "x").string(), "x"), InputError);
    fs::create_directory(folder / "taken");
    CHECK_THROWS_AS(write_file_atomic((folder / "taken").string(), "x"), InputError);
    CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 2);
    fs::remove_all(folder);
}

TEST_CASE("Problems are collected and reported together") {
    Problems problems;
    CHECK_NOTHROW(problems.throw_if_any());
    problems.add("f.json", "/a", "is wrong");
    problems.add("", "--jobs", "must be positive");
    CHECK_THROWS_WITH(problems.throw_if_any(), "f.json: /a: is wrong\n--jobs: must be positive");
}
